/* SPDX-License-Identifier: BSD-2-Clause */
#include "pages.h"

#include <errno.h>

#include "dropped.h"

static void add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

/* May a page be put that is not there? If so, a thin pool is granted it. */
static bool admit(struct pool *pool)
{
	struct pools *pools = pool->pools;

	if (atomic_load_explicit(&pools->refusing, memory_order_relaxed) ||
	    !room_take(&pools->room)) {
		add(&pools->counts.refused_pressure, 1);
		return false;
	}
	if (pool->thin && !pools_grant(pools, 1)) {
		add(&pools->counts.refused_lend, 1);
		return false;
	}
	return true;
}

/* A page is granted before it is touched; if another thread put the same page meanwhile,
 * or the kernel has none, the grant goes back. */
int pages_put(struct pool *pool, uint64_t page, bool there, size_t offset, size_t len,
              const uint8_t *data)
{
	int r;

	if (!there && !admit(pool)) {
		errno = ENOSPC;
		return -1;
	}
	r = pool->store->ops->put(pool->store, page, offset, len, data);
	if (r < 0)
		add(&pool->pools->counts.refused_kernel, 1);
	if (r == 1)
		atomic_fetch_add(&pool->used_pages, 1);
	else if (!there && pool->thin)
		pools_ungrant(pool->pools, 1);
	return r;
}

static void give_back(struct pool *pool, uint64_t n)
{
	atomic_fetch_sub(&pool->used_pages, n);
	if (pool->thin)
		pools_ungrant(pool->pools, n);
}

/* N of those that are asked back are gone. */
static void answer(struct pool *pool, uint64_t n, _Atomic uint64_t *counter)
{
	pool->vacate.asked -= n < pool->vacate.asked ? n : pool->vacate.asked;
	add(counter, n);
}

uint64_t pages_discard(struct pool *pool, uint64_t *page, uint64_t end, uint64_t max)
{
	uint64_t first = *page, freed;

	if (first < pool->vacate.from && pool->vacate.from < end)
		end = pool->vacate.from;
	freed = pool->store->ops->discard(pool->store, page, end, max);
	if (first >= pool->vacate.from)
		answer(pool, freed, &pool->pools->counts.vacated);
	if (pool->dropped)
		dropped_clear(pool->dropped, first, *page);
	give_back(pool, freed);
	return freed;
}

void pages_drop(struct pool *pool, uint64_t page, uint64_t end, uint64_t n)
{
	pool->store->ops->discard(pool->store, &page, end, n);
	answer(pool, n, &pool->pools->counts.dropped);
	give_back(pool, n);
}
