/* SPDX-License-Identifier: BSD-2-Clause */
/* Puts and flushes pages, and keeps all counts of them: what a pool uses, what a thin one is
 * granted, what is asked back, what was dropped. Under the pool's lock; to free pages, for
 * writing. */
#ifndef FARPAGE_PAGES_H
#define FARPAGE_PAGES_H

#include "pool.h"

/* Like the store's put; THERE says whether the page was there. -1 with ENOSPC: it may not be put,
 * or the host has no memory for it. */
int pages_put(struct pool *, uint64_t page, bool there, size_t offset, size_t len,
              const uint8_t *data);
/* Like the store's discard, on one side of pool.vacate.from; pages that were dropped there become
 * absent, too. */
uint64_t pages_discard(struct pool *, uint64_t *page, uint64_t end, uint64_t max);
/* Drop all pages from PAGE up to END, N pages that were noted as dropped. */
void pages_drop(struct pool *, uint64_t page, uint64_t end, uint64_t n);

#endif
