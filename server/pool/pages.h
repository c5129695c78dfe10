/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages that come and go, and all that is counted of them: what a pool uses, what a thin one
 * is granted, what is asked back, what was dropped. Inside the pool's lock; what frees pages
 * has it for writing. */
#ifndef FARPAGE_PAGES_H
#define FARPAGE_PAGES_H

#include "pool.h"

/* As the store's put; THERE says whether the page was. -1 with ENOSPC: it may not be put, or the
 * host has no memory for it. */
int pages_put(struct pool *, uint64_t page, bool there, size_t offset, size_t len,
              const uint8_t *data);
/* As the store's flush: pages freed, on one side of pool.vacate.from; what was dropped
 * there is absent, too. */
uint64_t pages_flush(struct pool *, uint64_t *page, uint64_t end, uint64_t max);
/* From PAGE up to END all that is there, N pages that were noted as dropped, goes. */
void pages_drop(struct pool *, uint64_t page, uint64_t end, uint64_t n);

#endif
