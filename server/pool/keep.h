/* SPDX-License-Identifier: BSD-2-Clause */
/* Keeping pools: makes each pool's memory, new or as the last farpaged left it, and
 * writes everything that must outlive the process. */
#ifndef FARPAGE_KEEP_H
#define FARPAGE_KEEP_H

#include "pool.h"

/* Give POOL, whose name, size and kind are set, its memory: what was left of it, or new. A
 * revocable pool is not kept, because after a restart it would be unknown which pages were
 * dropped and must not read as zeros. Sets used_pages to what it holds, which is also granted
 * if the pool is thin. -1 with WORDS: what was left is not as it should be, and stays as it
 * is. */
int keep_open(struct pool *pool, char words[static WORDS_MAX]);
/* WORDS for errno when POOL cannot have SIZE bytes. Returns -1. */
int keep_no_memory(const struct pool *, uint64_t size, char words[static WORDS_MAX]);
/* Write down the pool's fields as they are to be found again. Under its lock. */
void keep_label(struct pool *);
/* The pool must not be found again. */
void keep_drop(struct pool *);
enum keep_wish {
	KEEP_WANTED,  /* open it */
	KEEP_IF_USED, /* it is not configured, but its pages must not be lost */
	KEEP_DROP,    /* remove it, whatever is in it */
};

/* Before pools are added: remove those that were left and are not configured. -1 with WORDS:
 * one of them holds pages, or cannot be looked at, and is not to be dropped. */
int keep_check(struct pools *, enum keep_wish (*wish)(void *data, const char *name), void *data,
               char words[static WORDS_MAX]);

/* How much pools that were left, and are WANTED, take of what is lent, in bytes. */
struct keep_need {
	uint64_t reserved, thin;
};
struct keep_need keep_needs(struct pools *, enum keep_wish (*wish)(void *data, const char *name),
                            void *data);

#endif
