/* SPDX-License-Identifier: BSD-2-Clause */
/* Lending: adds, grows and removes pools, with their memory and their share of what is lent. */
#ifndef FARPAGE_LEND_H
#define FARPAGE_LEND_H

#include "pool.h"

/* 0, or -1 with WORDS that say why; nothing is half done. A SIZE is in bytes, a
 * multiple of PAGE_BYTES. The caller holds pools.lock or is the only thread. If the
 * memory of a pool of that NAME was kept, the new pool gets it. pool_remove() frees
 * it; pools_free() leaves it kept. */
int pool_add(struct pools *, const struct pool_spec *, char words[static WORDS_MAX]);
int pool_grow(struct pool *, uint64_t size, char words[static WORDS_MAX]);
int pool_remove(struct pool *, char words[static WORDS_MAX]);
/* Free the memory of removed pools, at most MAX pages a call; their share of lend is free
 * already. By the thread that removes pools; needs no lock. */
void pools_sweep(struct pools *, uint64_t max);
static inline bool pools_leaving(const struct pools *pools)
{
	return !TAILQ_EMPTY(&pools->leaving);
}
void pools_free(struct pools *);

#endif
