/* SPDX-License-Identifier: BSD-2-Clause */
#include "vacate.h"

#include "dropped.h"
#include "pages.h"

#define NOWHERE    UINT64_MAX
#define BLOCK      4096u      /* pages that are asked for at once at most */
#define LOOKS_MAX  65536u     /* runs of pages that one call looks at */
#define PASS_PAGES (UINT64_C(1) << 22) /* absent ones, passed by at once */
#define PASSES_MAX 64u        /* in one call */

void vacate_init(struct pool *pool)
{
	pool->vacate.from = pool->vacate.ripening = pool->vacate.ripe = NOWHERE;
	pool->vacate.asked = 0;
}

/* Pages that are there. Counts down the looks. */
static uint64_t count(struct pool *pool, uint64_t first, uint64_t end, unsigned *looks)
{
	uint64_t sum = 0, run;
	bool there;

	for (uint64_t page = first; page < end; page += run) {
		run = pool->store->ops->run(pool->store, page, end - page, &there);
		sum += there ? run : 0;
		*looks -= *looks > 0;
	}
	return sum;
}

/* From the end downwards, to the page. */
static void ask_pool(struct pool *pool, uint64_t pages, unsigned *looks)
{
	uint64_t block = BLOCK, at = pool->vacate.from, asked = pool->vacate.asked, run;
	bool there;

	if (at == NOWHERE)
		at = pool->size >> PAGE_SHIFT;
	while (at && asked < pages && *looks) {
		uint64_t first = at > block ? at - block : 0;
		uint64_t n = count(pool, first, at, looks);

		if (asked + n > pages && block > 1) {
			block /= 2;
			continue;
		}
		asked += n;
		at = first;
	}
	/* Of a large pool with few pages the next call sees more. */
	if (!asked && *looks)
		return;
	uint64_t beyond = (pool->size >> PAGE_SHIFT) - at;
	if (beyond) {
		run = pool->store->ops->run(pool->store, at, beyond < block ? beyond : block, &there);
		at += there ? 0 : run;
	}
	pool->vacate.from = at;
	pool->vacate.asked = asked;
}

/* Of PAGES, what a pool that holds USED of all the pages HELD is asked for. */
static uint64_t share(uint64_t pages, uint64_t used, uint64_t held)
{
	if (pages >= held)
		return used;
	return (uint64_t)(((unsigned __int128)pages * used + held - 1) / held);
}

static uint64_t held_pages(struct pools *pools)
{
	uint64_t held = 0;
	struct pool *pool;

	TAILQ_FOREACH(pool, &pools->list, link)
		held += atomic_load(&pool->used_pages);
	return held;
}

void vacate_ask(struct pools *pools, uint64_t pages)
{
	struct pool *pool;
	unsigned looks = LOOKS_MAX;

	pthread_mutex_lock(&pools->lock);
	uint64_t held = held_pages(pools);
	TAILQ_FOREACH(pool, &pools->list, link) {
		pthread_rwlock_wrlock(&pool->lock);
		uint64_t want = share(pages, atomic_load(&pool->used_pages), held);
		if (want > pool->vacate.asked)
			ask_pool(pool, want, &looks);
		pthread_rwlock_unlock(&pool->lock);
	}
	pthread_mutex_unlock(&pools->lock);
}

uint64_t vacate_asked(struct pools *pools)
{
	uint64_t asked = 0;
	struct pool *pool;

	pthread_mutex_lock(&pools->lock);
	TAILQ_FOREACH(pool, &pools->list, link) {
		pthread_rwlock_rdlock(&pool->lock);
		asked += pool->vacate.asked;
		pthread_rwlock_unlock(&pool->lock);
	}
	pthread_mutex_unlock(&pools->lock);
	return asked;
}

void vacate_deadline(struct pools *pools)
{
	struct pool *pool;

	pthread_mutex_lock(&pools->lock);
	TAILQ_FOREACH(pool, &pools->list, link) {
		pthread_rwlock_wrlock(&pool->lock);
		pool->vacate.ripe = pool->vacate.ripening;
		pool->vacate.ripening = pool->vacate.from;
		pthread_rwlock_unlock(&pool->lock);
	}
	pthread_mutex_unlock(&pools->lock);
}

/* Note at most MAX ripe pages that are there as dropped; *END is behind what was looked
 * at. */
static uint64_t note(struct pool *pool, uint64_t max, uint64_t *end)
{
	uint64_t page = pool->vacate.ripe, last = pool->size >> PAGE_SHIFT, noted = 0, run;
	bool there;

	if (last > page + PASS_PAGES)
		last = page + PASS_PAGES;
	for (; page < last && noted < max; page += run) {
		run = pool->store->ops->run(pool->store, page, last - page, &there);
		if (!there)
			continue;
		if (run > max - noted)
			run = max - noted;
		dropped_set(pool->dropped, page, page + run);
		noted += run;
	}
	*end = page;
	return noted;
}

/* They are noted before they go: a page that is both there and noted counts as
 * dropped. */
static uint64_t drop_of(struct pool *pool, uint64_t max)
{
	uint64_t page, end = 0, dropped;

	pthread_rwlock_wrlock(&pool->lock);
	page = pool->vacate.ripe;
	dropped = note(pool, max, &end);
	if (dropped)
		pages_drop(pool, page, end, dropped);
	pool->vacate.ripe = end < pool->size >> PAGE_SHIFT ? end : NOWHERE;
	pthread_rwlock_unlock(&pool->lock);
	return dropped;
}

/* The revocable pool with ripe pages that was asked for most, or NULL. */
static struct pool *next_to_drop(struct pools *pools)
{
	struct pool *pool, *next = NULL;
	uint64_t most = 0;

	TAILQ_FOREACH(pool, &pools->list, link) {
		pthread_rwlock_rdlock(&pool->lock);
		if (pool->dropped && pool->vacate.ripe != NOWHERE && pool->vacate.asked > most) {
			most = pool->vacate.asked;
			next = pool;
		}
		pthread_rwlock_unlock(&pool->lock);
	}
	return next;
}

uint64_t vacate_drop(struct pools *pools, uint64_t max)
{
	uint64_t dropped = 0;
	struct pool *pool;

	pthread_mutex_lock(&pools->lock);
	for (unsigned i = 0; i < PASSES_MAX && !dropped && (pool = next_to_drop(pools)); i++)
		dropped = drop_of(pool, max);
	pthread_mutex_unlock(&pools->lock);
	return dropped;
}

void vacate_end(struct pools *pools)
{
	struct pool *pool;

	pthread_mutex_lock(&pools->lock);
	TAILQ_FOREACH(pool, &pools->list, link) {
		pthread_rwlock_wrlock(&pool->lock);
		vacate_init(pool);
		pthread_rwlock_unlock(&pool->lock);
	}
	pthread_mutex_unlock(&pools->lock);
}
