/* SPDX-License-Identifier: BSD-2-Clause */
#include "pool.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dropped.h"
#include "keep.h"
#include "secret.h"
#include "vacate.h"

/* So many absent pages are passed by for each page that may be freed. */
#define SWEEP_LOOKS 4096

void pools_init(struct pools *pools, uint64_t lend_bytes)
{
	pthread_mutex_init(&pools->lock, NULL);
	TAILQ_INIT(&pools->list);
	TAILQ_INIT(&pools->leaving);
	room_init(&pools->room);
	secret_id(pools->lender);
	pools->lend_pages = lend_bytes >> PAGE_SHIFT;
	pools->state = NULL;
	pools->holding = false;
	pools->held_pages = 0;
	atomic_init(&pools->granted_pages, 0);
	atomic_init(&pools->refusing, false);
	pools->counts = (struct pool_counts){0};
}

void pools_lend(struct pools *pools, uint64_t bytes)
{
	pools->lend_pages = bytes >> PAGE_SHIFT;
}

bool pools_grant(struct pools *pools, uint64_t pages)
{
	uint64_t now = atomic_load(&pools->granted_pages);

	do {
		if (pages > pools->lend_pages - now)
			return false;
	} while (!atomic_compare_exchange_weak(&pools->granted_pages, &now,
	                                       now + pages));
	return true;
}

void pools_ungrant(struct pools *pools, uint64_t pages)
{
	atomic_fetch_sub(&pools->granted_pages, pages);
}

bool pools_hold(struct pools *pools, uint64_t pages)
{
	if (!pools_grant(pools, pages))
		return false;
	pools->held_pages = pages;
	pools->holding = true;
	return true;
}

void pools_release(struct pools *pools)
{
	pools_ungrant(pools, pools->held_pages);
	pools->held_pages = 0;
	pools->holding = false;
}

/* The same as granting, but from what is held first. */
static bool reserve(struct pools *pools, uint64_t pages)
{
	uint64_t held = pages < pools->held_pages ? pages : pools->held_pages;

	if (!pools_grant(pools, pages - held))
		return false;
	pools->held_pages -= held;
	return true;
}

static void unreserve(struct pools *pools, uint64_t pages)
{
	if (pools->holding)
		pools->held_pages += pages;
	else
		pools_ungrant(pools, pages);
}

static void lock_init(pthread_rwlock_t *lock)
{
	pthread_rwlockattr_t attr;

	pthread_rwlockattr_init(&attr);
	/* Busy connections must not keep a claim waiting for ever. */
	pthread_rwlockattr_setkind_np(&attr,
	                              PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(lock, &attr);
	pthread_rwlockattr_destroy(&attr);
}

bool pool_name_valid(const char *name)
{
	size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                        "0123456789._-");

	return n > 0 && n <= POOL_NAME_MAX && !name[n];
}

static int refuse_lend(struct pools *pools, const char *name, uint64_t want,
                       char words[static POOL_WORDS_MAX])
{
	snprintf(words, POOL_WORDS_MAX,
	         "pool %s: %" PRIu64 " MiB more do not fit into what is lent (%" PRIu64
	         " of %" PRIu64 " MiB are reserved); raise lend, shrink a pool, or make it thin",
	         name, want >> 20,
	         atomic_load(&pools->granted_pages) >> (20 - PAGE_SHIFT),
	         pools->lend_pages >> (20 - PAGE_SHIFT));
	return -1;
}

int pool_add(struct pools *pools, const struct pool_spec *spec,
             char words[static POOL_WORDS_MAX])
{
	uint64_t pages = spec->size >> PAGE_SHIFT;
	struct pool *pool;

	if (!spec->thin && !reserve(pools, pages))
		return refuse_lend(pools, spec->name, spec->size, words);
	pool = calloc(1, sizeof *pool);
	if (!pool) {
		snprintf(words, POOL_WORDS_MAX, "pool %s: no memory", spec->name);
		goto err;
	}
	if (spec->revocable && !(pool->dropped = dropped_open(pages))) {
		snprintf(words, POOL_WORDS_MAX, "pool %s: no memory", spec->name);
		goto err;
	}
	strcpy(pool->name, spec->name);
	strcpy(pool->owner, spec->owner);
	pool->allow = spec->allow;
	pool->pools = pools;
	pool->size = spec->size;
	pool->thin = spec->thin;
	pool_limit(pool, spec->iops, spec->bandwidth);
	if (keep_open(pool, words) < 0)
		goto err;
	lock_init(&pool->lock);
	vacate_init(pool);
	LIST_INIT(&pool->members);
	TAILQ_INSERT_TAIL(&pools->list, pool, link);
	return 0;
err:
	if (pool && pool->store)
		pool->store->ops->close(pool->store);
	if (pool)
		dropped_close(pool->dropped);
	if (!spec->thin)
		unreserve(pools, pages);
	free(pool);
	return -1;
}

int pool_grow(struct pool *pool, uint64_t size, char words[static POOL_WORDS_MAX])
{
	uint64_t more = (size - pool->size) >> PAGE_SHIFT;
	int r;

	if (!pool->thin && !reserve(pool->pools, more))
		return refuse_lend(pool->pools, pool->name, size - pool->size, words);
	pthread_rwlock_wrlock(&pool->lock);
	r = pool->dropped ? dropped_resize(pool->dropped, size >> PAGE_SHIFT) : 0;
	if (r == 0)
		r = pool->store->ops->resize(pool->store, size >> PAGE_SHIFT);
	if (r == 0) {
		pool->size = size;
		keep_label(pool);
	}
	pthread_rwlock_unlock(&pool->lock);
	if (r < 0) {
		keep_no_memory(pool, size, words);
		if (!pool->thin)
			unreserve(pool->pools, more);
	}
	return r;
}

void pool_limit(struct pool *pool, uint64_t iops, uint64_t bandwidth)
{
	rate_set(&pool->requests, iops);
	rate_set(&pool->bytes, bandwidth);
	atomic_store(&pool->limited, iops || bandwidth);
}

uint64_t pool_wait(struct pool *pool)
{
	if (!atomic_load_explicit(&pool->limited, memory_order_relaxed))
		return 0;
	uint64_t now = rate_now();
	uint64_t a = rate_wait(&pool->requests, now), b = rate_wait(&pool->bytes, now);

	return a > b ? a : b;
}

void pool_take(struct pool *pool, uint64_t requests, uint64_t bytes)
{
	if (!atomic_load_explicit(&pool->limited, memory_order_relaxed))
		return;
	uint64_t now = rate_now();

	rate_take(&pool->requests, now, requests);
	rate_take(&pool->bytes, now, bytes);
}

bool pool_idle(struct pool *pool)
{
	pthread_rwlock_rdlock(&pool->lock);
	bool idle = LIST_EMPTY(&pool->members);
	pthread_rwlock_unlock(&pool->lock);
	return idle;
}

static void pool_free(struct pool *pool)
{
	pool->store->ops->close(pool->store);
	dropped_close(pool->dropped);
	pthread_rwlock_destroy(&pool->lock);
	free(pool);
}

/* To unmap and free all of a large pool at once would keep everybody waiting. */
int pool_remove(struct pool *pool, char words[static POOL_WORDS_MAX])
{
	struct pools *pools = pool->pools;

	if (!pool_idle(pool)) {
		snprintf(words, POOL_WORDS_MAX,
		         "pool %s cannot be removed while it is in use", pool->name);
		return -1;
	}
	keep_drop(pool);
	unreserve(pools, pool->thin ? atomic_load(&pool->used_pages) : pool->size >> PAGE_SHIFT);
	TAILQ_REMOVE(&pools->list, pool, link);
	TAILQ_INSERT_TAIL(&pools->leaving, pool, link);
	return 0;
}

void pools_sweep(struct pools *pools, uint64_t max)
{
	struct pool *pool = TAILQ_FIRST(&pools->leaving);

	if (!pool)
		return;
	uint64_t end = pool->size >> PAGE_SHIFT, far = pool->swept + max * SWEEP_LOOKS;
	uint64_t freed = pool->store->ops->flush(pool->store, &pool->swept, end < far ? end : far, max);
	atomic_fetch_sub(&pool->used_pages, freed);
	if (pool->swept < end)
		return;
	TAILQ_REMOVE(&pools->leaving, pool, link);
	pool_free(pool);
}

static void free_all(struct pool_list *list)
{
	struct pool *pool;

	while ((pool = TAILQ_FIRST(list))) {
		TAILQ_REMOVE(list, pool, link);
		pool_free(pool);
	}
}

void pools_free(struct pools *pools)
{
	free_all(&pools->list);
	free_all(&pools->leaving);
	pthread_mutex_destroy(&pools->lock);
}

struct pool *pool_find(struct pools *pools, const char *name)
{
	struct pool *pool;

	TAILQ_FOREACH(pool, &pools->list, link)
		if (strcmp(pool->name, name) == 0)
			return pool;
	return NULL;
}

bool pool_admits(const struct pool *pool, const char *identity, const struct origin *origin)
{
	return (!*pool->owner || (identity && strcmp(pool->owner, identity) == 0)) &&
	       allow_admits(&pool->allow, origin);
}

struct pool *pool_offered(struct pools *pools, const char *name, const char *identity,
                          const struct origin *origin)
{
	struct pool *pool;

	TAILQ_FOREACH(pool, &pools->list, link)
		if (pool_admits(pool, identity, origin) && (!*name || strcmp(pool->name, name) == 0))
			return pool;
	return NULL;
}

void pool_describe(struct pool *pool, char text[static POOL_WORDS_MAX])
{
	pthread_rwlock_rdlock(&pool->lock);
	snprintf(text, POOL_WORDS_MAX,
	         "incarnation=%s epoch=%" PRIu64 " since=%" PRIu64 " used=%" PRIu64
	         " size=%" PRIu64 " lender=%s",
	         pool->incarnation, pool->epoch, pool->since,
	         atomic_load(&pool->used_pages) << PAGE_SHIFT, pool->size, pool->pools->lender);
	pthread_rwlock_unlock(&pool->lock);
}
