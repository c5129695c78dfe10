/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages that the host wants back. Each pool is asked for the pages from some
 * number up to its end (pool.vacate; a borrower learns it by the metadata context
 * x-farpage:vacate), in proportion to what it holds. A borrower complies by
 * flushing them. Meanwhile no new page is put: pools.refusing. */
#ifndef FARPAGE_VACATE_H
#define FARPAGE_VACATE_H

#include "pool.h"

/* These take pools.lock and each pool's lock. */

/* Ask for more, until PAGES that are there are asked for. A call goes through a bounded
 * number of pages, so call it again. */
void vacate_ask(struct pools *, uint64_t pages);
/* How many pages that are asked for are still there. */
uint64_t vacate_asked(struct pools *);
/* A deadline begins: what was asked for before the last one began is ripe. */
void vacate_deadline(struct pools *);
/* Drop at most MAX ripe pages of one revocable pool, the one that was asked for most.
 * Returns how many; 0: there is none, or only holes as far as a call looks. */
uint64_t vacate_drop(struct pools *, uint64_t max);
/* Stop asking. */
void vacate_end(struct pools *);

/* The state of a pool that nothing is asked of. */
void vacate_init(struct pool *);

#endif
