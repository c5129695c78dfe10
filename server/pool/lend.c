/* SPDX-License-Identifier: BSD-2-Clause */
#include "lend.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dropped.h"
#include "keep.h"
#include "vacate.h"

/* So many absent pages are passed by for each page that may be freed. */
#define SWEEP_LOOKS 4096

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

static int refuse_lend(struct pools *pools, const char *name, uint64_t want,
                       char words[static WORDS_MAX])
{
	words_print(words,
	            "pool %s: %" PRIu64 " MiB more do not fit into what is lent (%" PRIu64
	            " of %" PRIu64 " MiB are reserved); raise lend, shrink a pool, or make it thin",
	            name, want >> 20,
	            atomic_load(&pools->granted_pages) >> (20 - PAGE_SHIFT),
	            pools->lend_pages >> (20 - PAGE_SHIFT));
	return -1;
}

int pool_add(struct pools *pools, const struct pool_spec *spec,
             char words[static WORDS_MAX])
{
	uint64_t pages = spec->size >> PAGE_SHIFT;
	struct pool *pool;

	if (!spec->thin && !pools_reserve(pools, pages))
		return refuse_lend(pools, spec->name, spec->size, words);
	pool = calloc(1, sizeof *pool);
	if (!pool) {
		words_print(words, "pool %s: no memory", spec->name);
		goto err;
	}
	if (spec->revocable && !(pool->dropped = dropped_open(pages))) {
		words_print(words, "pool %s: no memory", spec->name);
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
		pools_unreserve(pools, pages);
	free(pool);
	return -1;
}

int pool_grow(struct pool *pool, uint64_t size, char words[static WORDS_MAX])
{
	uint64_t more = (size - pool->size) >> PAGE_SHIFT;
	int r;

	if (!pool->thin && !pools_reserve(pool->pools, more))
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
			pools_unreserve(pool->pools, more);
	}
	return r;
}

static void pool_free(struct pool *pool)
{
	pool->store->ops->close(pool->store);
	dropped_close(pool->dropped);
	pthread_rwlock_destroy(&pool->lock);
	free(pool);
}

/* To unmap and free all of a large pool at once would keep everybody waiting. */
int pool_remove(struct pool *pool, char words[static WORDS_MAX])
{
	struct pools *pools = pool->pools;

	if (!pool_idle(pool)) {
		words_print(words,
		            "pool %s cannot be removed while it is in use", pool->name);
		return -1;
	}
	keep_drop(pool);
	pools_unreserve(pools, pool->thin ? atomic_load(&pool->used_pages) : pool->size >> PAGE_SHIFT);
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
	uint64_t freed = pool->store->ops->discard(pool->store, &pool->swept, end < far ? end : far, max);
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
