/* SPDX-License-Identifier: BSD-2-Clause */
#include "pool.h"

#include <inttypes.h>
#include <string.h>

#include "clock.h"
#include "secret.h"

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

bool pools_reserve(struct pools *pools, uint64_t pages)
{
	uint64_t held = pages < pools->held_pages ? pages : pools->held_pages;

	if (!pools_grant(pools, pages - held))
		return false;
	pools->held_pages -= held;
	return true;
}

void pools_unreserve(struct pools *pools, uint64_t pages)
{
	if (pools->holding)
		pools->held_pages += pages;
	else
		pools_ungrant(pools, pages);
}

bool pool_name_valid(const char *name)
{
	size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                        "0123456789._-");

	return n > 0 && n <= POOL_NAME_MAX && !name[n];
}

void pool_limit(struct pool *pool, uint64_t iops, uint64_t bandwidth)
{
	rate_set(&pool->requests, iops);
	rate_set(&pool->bytes, bandwidth);
	atomic_store(&pool->limited, iops || bandwidth);
}

uint64_t pool_pace(struct pool *pool, uint64_t requests, uint64_t bytes)
{
	uint64_t now = clock_ns();
	uint64_t a = rate_wait(&pool->requests, now), b = rate_wait(&pool->bytes, now);

	if (a || b)
		return a > b ? a : b;
	pool_charge(pool, requests, bytes);
	return 0;
}

void pool_charge(struct pool *pool, uint64_t requests, uint64_t bytes)
{
	uint64_t now = clock_ns();

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

void pool_describe(struct pool *pool, char text[static WORDS_MAX])
{
	pthread_rwlock_rdlock(&pool->lock);
	words_print(text,
	            "incarnation=%s epoch=%" PRIu64 " since=%" PRIu64 " used=%" PRIu64
	            " size=%" PRIu64 " lender=%s",
	            pool->incarnation, pool->epoch, pool->since,
	            atomic_load(&pool->used_pages) << PAGE_SHIFT, pool->size, pool->pools->lender);
	pthread_rwlock_unlock(&pool->lock);
}
