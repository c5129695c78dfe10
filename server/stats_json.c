/* SPDX-License-Identifier: BSD-2-Clause */
/* What the figures are. */
#include "json.h"
#include "member.h"
#include "stats.h"

#define ROOM_BASE 2048u
#define ROOM_POOL 2048u

static uint64_t stats_json_look(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static void put_claim(struct json *j, const struct pool *pool, const struct member *owner)
{
	time_t now = time(NULL);

	json_object(j, "claim");
	json_text(j, "from", pool->owner_peer);
	json_seconds(j, "seconds", now > pool->owner_since ? (uint64_t)(now - pool->owner_since) * 1000 : 0);
	json_bool(j, "connected", owner != NULL);
	json_seconds(j, "silent_seconds", owner && owner->client.silent ? owner->client.silent(&owner->client) * UINT64_C(1000) : 0);
	json_object_end(j);
}

/* Under the pool's lock, and the pools'. */
static void put_members(struct json *j, const struct pool *pool)
{
	struct member_sums sums = pool->left;
	const struct member *m, *owner = NULL;
	unsigned connections = 0;

	LIST_FOREACH(m, &pool->members, link) {
		member_add_counts(&sums, m);
		connections++;
		if (m->owner && m->epoch == pool->epoch)
			owner = m;
	}
	json_number(j, "connections", connections);
	json_number(j, "written_bytes", sums.written_bytes);
	json_number(j, "read_bytes", sums.read_bytes);
	json_number(j, "flushed_pages", sums.flushed_pages);
	json_number(j, "refused_pages", sums.refused_pages);
	if (*pool->instance)
		put_claim(j, pool, owner);
}

static void put_pool(struct json *j, struct pool *pool)
{
	json_object(j, NULL);
	json_text(j, "name", pool->name);
	json_number(j, "size_bytes", pool->size);
	json_number(j, "used_bytes", stats_json_look(&pool->used_pages) * PAGE_BYTES);
	json_bool(j, "thin", pool->thin);
	json_bool(j, "revocable", pool->dropped != NULL);
	json_bool(j, "locked", pool->locked);
	pthread_rwlock_rdlock(&pool->lock);
	json_number(j, "asked_back_pages", pool->vacate.asked);
	put_members(j, pool);
	pthread_rwlock_unlock(&pool->lock);
	json_object_end(j);
}

static void put_counts(struct json *j, const struct pools *pools)
{
	const struct pool_counts *n = &pools->counts;

	json_object(j, "pages");
	json_number(j, "refused_lend", stats_json_look(&n->refused_lend));
	json_number(j, "refused_pressure", stats_json_look(&n->refused_pressure));
	json_number(j, "refused_kernel", stats_json_look(&n->refused_kernel));
	json_number(j, "vacated", stats_json_look(&n->vacated));
	json_number(j, "dropped", stats_json_look(&n->dropped));
	json_number(j, "reads_dropped", stats_json_look(&n->reads_dropped));
	json_object_end(j);
}

size_t stats_room(struct pools *pools)
{
	struct pool *pool;
	size_t n = ROOM_BASE;

	pthread_mutex_lock(&pools->lock);
	TAILQ_FOREACH(pool, &pools->list, link)
		n += ROOM_POOL;
	pthread_mutex_unlock(&pools->lock);
	return n;
}

size_t stats_json(struct pools *pools, const struct limits *limits, uint64_t uptime_ms, char *buf, size_t n)
{
	struct pool *pool;
	struct json j;

	json_start(&j, buf, n);
	json_object(&j, NULL);
	json_seconds(&j, "uptime_seconds", uptime_ms);
	json_number(&j, "lend_bytes", pools->lend_pages * PAGE_BYTES);
	json_number(&j, "granted_bytes", stats_json_look(&pools->granted_pages) * PAGE_BYTES);
	json_bool(&j, "refusing", atomic_load_explicit(&pools->refusing, memory_order_relaxed));
	json_number(&j, "sessions", limits->sessions);
	json_number(&j, "connections_refused", limits->refused);
	put_counts(&j, pools);
	json_array(&j, "pools");
	pthread_mutex_lock(&pools->lock);
	TAILQ_FOREACH(pool, &pools->list, link)
		put_pool(&j, pool);
	pthread_mutex_unlock(&pools->lock);
	json_array_end(&j);
	json_object_end(&j);
	return json_finish(&j);
}
