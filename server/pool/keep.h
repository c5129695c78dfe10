/* SPDX-License-Identifier: BSD-2-Clause */
/* Keeping pools: each has its memory made here, new or as the last farpaged left
 * it, and everything that must outlive the process is written here. */
#ifndef FARPAGE_KEEP_H
#define FARPAGE_KEEP_H

#include "pool.h"

/* Memory for POOL, whose name, size and kind are what is wanted: the one that was
 * left, or a new one. A revocable pool's is not kept: nobody would know after a
 * restart which pages were dropped, and must not read as zeros. What it holds is in
 * used_pages then, and granted if it is thin. -1 with WORDS: what was left is not as it
 * should be, and stays as it is. */
int keep_open(struct pool *pool, char words[static WORDS_MAX]);
/* WORDS for errno, when POOL cannot have SIZE bytes. Returns -1. */
int keep_no_memory(const struct pool *, uint64_t size, char words[static WORDS_MAX]);
/* The pool's fields are as they shall be found again. Under its lock. */
void keep_label(struct pool *);
/* The pool is not to be found again. */
void keep_drop(struct pool *);
enum keep_wish {
	KEEP_WANTED,  /* it is to be opened */
	KEEP_IF_USED, /* it is not wanted, but its pages are not to be lost */
	KEEP_DROP,    /* it is to go, whatever is in it */
};

/* Before pools are added: what of those that were left nobody wants is dropped. -1 with
 * WORDS: one of them holds pages, or cannot be looked at, and is not to be dropped. */
int keep_check(struct pools *, enum keep_wish (*wish)(void *data, const char *name), void *data,
               char words[static WORDS_MAX]);

/* What pools that were left, and are WANTED, take of what is lent, in bytes. */
struct keep_need {
	uint64_t reserved, thin;
};
struct keep_need keep_needs(struct pools *, enum keep_wish (*wish)(void *data, const char *name),
                            void *data);

#endif
