/* SPDX-License-Identifier: BSD-2-Clause */
#include "pool.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static const uint8_t zeros[PAGE_SIZE];

void pools_init(struct pools *pools, uint64_t lend_bytes)
{
	pthread_mutex_init(&pools->lock, NULL);
	TAILQ_INIT(&pools->list);
	pools->lend_pages = lend_bytes >> PAGE_SHIFT;
	atomic_init(&pools->granted_pages, 0);
}

/* Take PAGES out of what is lent; false when that would be too much. */
static bool grant(struct pools *pools, uint64_t pages)
{
	uint64_t now = atomic_load(&pools->granted_pages);

	do {
		if (pages > pools->lend_pages - now)
			return false;
	} while (!atomic_compare_exchange_weak(&pools->granted_pages, &now,
	                                       now + pages));
	return true;
}

static void ungrant(struct pools *pools, uint64_t pages)
{
	atomic_fetch_sub(&pools->granted_pages, pages);
}

static void random_bytes(void *p, size_t n)
{
	while (getrandom(p, n, 0) != (ssize_t)n)
		if (errno != EINTR)
			abort(); /* no kernel that can run us lacks it */
}

static void new_incarnation(struct pool *pool)
{
	uint64_t id[2];

	random_bytes(id, sizeof id);
	snprintf(pool->incarnation, sizeof pool->incarnation,
	         "%016" PRIx64 "%016" PRIx64, id[0], id[1]);
}

/* Epochs must grow, and not repeat even if this daemon forgets everything:
 * microseconds since 1970, above some noise for a clock that was set back. */
static uint64_t first_epoch(void)
{
	struct timespec now;
	uint16_t noise;

	clock_gettime(CLOCK_REALTIME, &now);
	random_bytes(&noise, sizeof noise);
	return ((uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000) << 12 |
	       (noise & 0xfff);
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

int pool_add(struct pools *pools, const char *name, uint64_t size, bool thin,
             char words[static POOL_WORDS_MAX])
{
	struct pool *pool;

	if (!thin && !grant(pools, size >> PAGE_SHIFT))
		return refuse_lend(pools, name, size, words);
	pool = calloc(1, sizeof *pool);
	if (!pool)
		goto err;
	pool->store = store_flat.open(size >> PAGE_SHIFT, &pool->locked);
	if (!pool->store)
		goto err;
	snprintf(pool->name, sizeof pool->name, "%s", name);
	pool->pools = pools;
	pool->size = size;
	pool->thin = thin;
	pool->epoch = pool->since = first_epoch();
	new_incarnation(pool);
	lock_init(&pool->lock);
	LIST_INIT(&pool->members);
	TAILQ_INSERT_TAIL(&pools->list, pool, link);
	return 0;
err:
	snprintf(words, POOL_WORDS_MAX, "pool %s: no memory for %" PRIu64 " MiB: %s",
	         name, size >> 20, strerror(errno));
	if (!thin)
		ungrant(pools, size >> PAGE_SHIFT);
	free(pool);
	return -1;
}

int pool_grow(struct pool *pool, uint64_t size, char words[static POOL_WORDS_MAX])
{
	uint64_t more = (size - pool->size) >> PAGE_SHIFT;
	int r;

	if (!pool->thin && !grant(pool->pools, more))
		return refuse_lend(pool->pools, pool->name, size - pool->size, words);
	pthread_rwlock_wrlock(&pool->lock);
	r = pool->store->ops->resize(pool->store, size >> PAGE_SHIFT);
	if (r == 0)
		pool->size = size;
	pthread_rwlock_unlock(&pool->lock);
	if (r < 0) {
		snprintf(words, POOL_WORDS_MAX, "pool %s: no memory for %" PRIu64 " MiB: %s",
		         pool->name, size >> 20, strerror(errno));
		if (!pool->thin)
			ungrant(pool->pools, more);
	}
	return r;
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
	TAILQ_REMOVE(&pool->pools->list, pool, link);
	ungrant(pool->pools, pool->thin ? atomic_load(&pool->used_pages)
	                                : pool->size >> PAGE_SHIFT);
	pool->store->ops->close(pool->store);
	pthread_rwlock_destroy(&pool->lock);
	free(pool);
}

int pool_remove(struct pool *pool, char words[static POOL_WORDS_MAX])
{
	if (!pool_idle(pool)) {
		snprintf(words, POOL_WORDS_MAX,
		         "pool %s cannot be removed while it is in use", pool->name);
		return -1;
	}
	pool_free(pool);
	return 0;
}

void pools_free(struct pools *pools)
{
	struct pool *pool;

	while ((pool = TAILQ_FIRST(&pools->list)))
		pool_free(pool);
	pthread_mutex_destroy(&pools->lock);
}

struct pool *pool_find(struct pools *pools, const char *name)
{
	struct pool *pool;

	if (!*name)
		return TAILQ_FIRST(&pools->list);
	TAILQ_FOREACH(pool, &pools->list, link)
		if (strcmp(pool->name, name) == 0)
			return pool;
	return NULL;
}

void pool_describe(struct pool *pool, char text[static POOL_WORDS_MAX])
{
	pthread_rwlock_rdlock(&pool->lock);
	snprintf(text, POOL_WORDS_MAX,
	         "incarnation=%s epoch=%" PRIu64 " since=%" PRIu64 " used=%" PRIu64
	         " size=%" PRIu64,
	         pool->incarnation, pool->epoch, pool->since,
	         atomic_load(&pool->used_pages) << PAGE_SHIFT, pool->size);
	pthread_rwlock_unlock(&pool->lock);
}

static struct member *live_owner(struct pool *pool)
{
	struct member *m;

	LIST_FOREACH(m, &pool->members, link)
		if (m->owner && m->epoch == pool->epoch)
			return m;
	return NULL;
}

static void add_member(struct pool *pool, struct member *m, bool owner)
{
	m->pool = pool;
	m->epoch = pool->epoch;
	m->owner = owner;
	LIST_INSERT_HEAD(&pool->members, m, link);
}

/* A plain member beside a living owner may look but not write: the owner
 * takes what it put for what it will get. */
int pool_join(struct pool *pool, struct member *m)
{
	pthread_rwlock_wrlock(&pool->lock);
	m->read_only = live_owner(pool) != NULL;
	add_member(pool, m, false);
	pthread_rwlock_unlock(&pool->lock);
	return 0;
}

bool pool_owned(struct pool *pool)
{
	pthread_rwlock_rdlock(&pool->lock);
	bool owned = live_owner(pool) != NULL;
	pthread_rwlock_unlock(&pool->lock);
	return owned;
}

/* An owner that comes back: from now on the plain ones may look only. */
static void stop_writers(struct pool *pool)
{
	struct member *m;

	LIST_FOREACH(m, &pool->members, link)
		m->read_only |= !m->owner;
}

int pool_join_epoch(struct pool *pool, struct member *m, uint64_t epoch,
                    char words[static POOL_WORDS_MAX])
{
	int r = -1;

	pthread_rwlock_wrlock(&pool->lock);
	if (epoch != pool->epoch || !*pool->instance || atomic_load(&pool->foreign)) {
		snprintf(words, POOL_WORDS_MAX,
		         "pool %s: epoch %" PRIu64 " is over; claim the pool again",
		         pool->name, epoch);
	} else {
		stop_writers(pool);
		m->read_only = false;
		add_member(pool, m, true);
		r = 0;
	}
	pthread_rwlock_unlock(&pool->lock);
	return r;
}

static void refuse_claim(struct pool *pool, char words[static POOL_WORDS_MAX])
{
	char since[32];
	struct tm tm;

	strftime(since, sizeof since, "%Y-%m-%dT%H:%M:%SZ",
	         gmtime_r(&pool->owner_since, &tm));
	snprintf(words, POOL_WORDS_MAX,
	         "pool %s is claimed by instance %s from %s since %s; stop it there, "
	         "or add &force to the name to take its pages away from it",
	         pool->name, pool->instance, pool->owner_peer, since);
}

/* Fenced members are hung up on here and leave on their own loops; until then
 * pool_enter() keeps them out. */
int pool_claim(struct pool *pool, struct member *m, const char *instance,
               bool force, char words[static POOL_WORDS_MAX])
{
	struct member *old;
	int r = -1;

	pthread_rwlock_wrlock(&pool->lock);
	if (!force && live_owner(pool) && strcmp(pool->instance, instance) != 0) {
		refuse_claim(pool, words);
		goto out;
	}
	pool->epoch++;
	if (atomic_exchange(&pool->foreign, false) || strcmp(pool->instance, instance) != 0)
		pool->since = pool->epoch;
	LIST_FOREACH(old, &pool->members, link)
		old->fence(old);
	snprintf(pool->instance, sizeof pool->instance, "%s", instance);
	snprintf(pool->owner_peer, sizeof pool->owner_peer, "%s", m->peer);
	pool->owner_since = time(NULL);
	m->read_only = false;
	add_member(pool, m, true);
	r = 0;
out:
	pthread_rwlock_unlock(&pool->lock);
	return r;
}

void pool_leave(struct member *m)
{
	struct pool *pool = m->pool;

	if (!pool)
		return;
	pthread_rwlock_wrlock(&pool->lock);
	LIST_REMOVE(m, link);
	m->pool = NULL;
	pthread_rwlock_unlock(&pool->lock);
}

int pool_enter(struct member *m)
{
	pthread_rwlock_rdlock(&m->pool->lock);
	if (m->epoch == m->pool->epoch)
		return 0;
	pthread_rwlock_unlock(&m->pool->lock);
	errno = ESTALE;
	return -1;
}

void pool_exit(struct member *m)
{
	pthread_rwlock_unlock(&m->pool->lock);
}

/* A thin pool's page is granted before it is touched; if another thread put
 * the same page meanwhile, the grant goes back. */
static int put_page(struct pool *pool, uint64_t page, size_t offset, size_t len,
                    const uint8_t *data)
{
	const struct store_ops *ops = pool->store->ops;
	bool granted = false;
	int r;

	if (pool->thin && !ops->present(pool->store, page)) {
		if (!grant(pool->pools, 1)) {
			errno = ENOSPC;
			return -1;
		}
		granted = true;
	}
	r = ops->put(pool->store, page, offset, len, data);
	if (r == 1)
		atomic_fetch_add(&pool->used_pages, 1);
	else if (granted)
		ungrant(pool->pools, 1);
	return r < 0 ? -1 : 0;
}

/* May M write, also now that it is in the middle of it? A plain member that
 * does breaks the owner's sight of its pages. */
static bool may_write(const struct member *m)
{
	if (m->read_only) {
		errno = EPERM;
		return false;
	}
	if (!m->owner)
		atomic_store_explicit(&m->pool->foreign, true, memory_order_relaxed);
	return true;
}

int pool_put(struct member *m, uint64_t offset, size_t len, const uint8_t *data)
{
	int r = 0;

	if (!may_write(m))
		return -1;
	while (len) {
		size_t in_page = offset % PAGE_SIZE;
		size_t n = PAGE_SIZE - in_page < len ? PAGE_SIZE - in_page : len;

		if (put_page(m->pool, offset >> PAGE_SHIFT, in_page, n, data) < 0)
			r = -1;
		offset += n;
		data += n;
		len -= n;
	}
	return r;
}

const uint8_t *pool_get(struct member *m, uint64_t offset, size_t *len)
{
	struct store *store = m->pool->store;
	size_t in_page = offset % PAGE_SIZE;
	uint64_t run;
	const uint8_t *data =
	    store->ops->get(store, offset >> PAGE_SHIFT,
	                    (in_page + *len + PAGE_SIZE - 1) >> PAGE_SHIFT, &run);
	size_t covered = (size_t)(run << PAGE_SHIFT) - in_page;

	if (covered < *len)
		*len = covered;
	return data ? data + in_page : NULL;
}

/* Zero the part of a page from OFFSET up to END; an absent page is zero. */
static void zero_part(struct pool *pool, uint64_t offset, uint64_t end)
{
	struct store *store = pool->store;

	if (store->ops->present(store, offset >> PAGE_SHIFT))
		store->ops->put(store, offset >> PAGE_SHIFT, offset % PAGE_SIZE,
		                end - offset, zeros);
}

/* Pages freed. */
static uint64_t flush_some(struct pool *pool, uint64_t *offset, uint64_t end,
                           uint64_t max)
{
	uint64_t first = (*offset + PAGE_SIZE - 1) >> PAGE_SHIFT;
	uint64_t last = end >> PAGE_SHIFT, freed = 0;

	if (first > last) { /* inside one page */
		zero_part(pool, *offset, end);
		*offset = end;
		return 0;
	}
	if (*offset % PAGE_SIZE)
		zero_part(pool, *offset, first << PAGE_SHIFT);
	if (first < last)
		freed = pool->store->ops->flush(pool->store, &first, last, max);
	atomic_fetch_sub(&pool->used_pages, freed);
	if (pool->thin)
		ungrant(pool->pools, freed);
	*offset = first << PAGE_SHIFT;
	if (first == last && end % PAGE_SIZE) {
		zero_part(pool, *offset, end);
		*offset = end;
	}
	return freed;
}

int64_t pool_flush(struct member *m, uint64_t *offset, uint64_t end, uint64_t max)
{
	struct pool *pool = m->pool;
	int64_t freed = -1;

	pthread_rwlock_wrlock(&pool->lock);
	if (m->epoch != pool->epoch)
		errno = ESTALE;
	else if (may_write(m))
		freed = (int64_t)flush_some(pool, offset, end, max);
	pthread_rwlock_unlock(&pool->lock);
	return freed;
}
