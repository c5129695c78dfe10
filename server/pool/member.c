/* SPDX-License-Identifier: BSD-2-Clause */
#include "member.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "keep.h"
#include "secret.h"

static struct member *live_owner(struct pool *pool)
{
	struct member *m;

	LIST_FOREACH(m, &pool->members, link)
		if (m->owner && m->epoch == pool->epoch)
			return m;
	return NULL;
}

/* Is a connection of the owner there, and not only silence? */
static bool owner_is_heard(struct pool *pool)
{
	struct member *m;

	LIST_FOREACH(m, &pool->members, link)
		if (m->owner && m->epoch == pool->epoch && !(m->client.silent && m->client.silent(&m->client)))
			return true;
	return false;
}

static void add_member(struct pool *pool, struct member *m, bool owner)
{
	m->pool = pool;
	m->epoch = pool->epoch;
	m->owner = m->client.has_pages = owner;
	m->client.may_lose = pool->dropped != NULL;
	snprintf(m->words, sizeof m->words, "pool %s", pool->name);
	m->client.export = m->words;
	LIST_INSERT_HEAD(&pool->members, m, link);
}

/* A plain member beside a living owner may look but not write: the owner
 * takes what it put for what it will get. */
int member_join(struct member *m, struct pool *pool)
{
	pthread_rwlock_wrlock(&pool->lock);
	m->client.read_only = live_owner(pool) != NULL;
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
		m->client.read_only |= !m->owner;
}

/* -1 with words. Under pool.lock. */
static int check_ticket(struct pool *pool, uint64_t epoch, const struct ticket *ticket,
                        char words[static WORDS_MAX])
{
	bool good = ticket_good(&pool->tickets, ticket);

	if (good && epoch == pool->epoch && !atomic_load(pool_foreign(pool)))
		return 0;
	words_print(words,
	            "pool %s: this name is void: each is good for one connection, and none after a "
	            "newer claim, a restart, or a write by somebody else; claim the pool again",
	            pool->name);
	return -1;
}

int member_join_ticket(struct member *m, struct pool *pool, uint64_t epoch,
                       const struct ticket *ticket, char words[static WORDS_MAX])
{
	pthread_rwlock_wrlock(&pool->lock);
	int r = check_ticket(pool, epoch, ticket, words);
	if (r == 0) {
		ticket_use(&pool->tickets, ticket);
		stop_writers(pool);
		m->client.read_only = false;
		add_member(pool, m, true);
	}
	pthread_rwlock_unlock(&pool->lock);
	return r;
}

int member_may_join(struct pool *pool, uint64_t epoch, const struct ticket *ticket,
                    char words[static WORDS_MAX])
{
	pthread_rwlock_rdlock(&pool->lock);
	int r = check_ticket(pool, epoch, ticket, words);
	pthread_rwlock_unlock(&pool->lock);
	return r;
}

void member_tell_name(const struct member *m, char name[static MEMBER_NAME_MAX])
{
	struct pool *pool = m->pool;
	char text[TICKET_TEXT_MAX];

	pthread_rwlock_wrlock(&pool->lock);
	struct ticket ticket = m->epoch == pool->epoch ? ticket_issue(&pool->tickets)
	                                               : (struct ticket){0};
	pthread_rwlock_unlock(&pool->lock);
	ticket_format(&ticket, text);
	snprintf(name, MEMBER_NAME_MAX, "%s@%" PRIu64 ".%s", pool->name, m->epoch, text);
}

/* No message contains the name of the claim, because that name is enough to claim again. */
static void refuse_claim(struct pool *pool, char words[static WORDS_MAX])
{
	char since[32];
	struct tm tm;

	strftime(since, sizeof since, "%Y-%m-%dT%H:%M:%SZ",
	         gmtime_r(&pool->owner_since, &tm));
	words_print(words,
	            "pool %s is claimed, from %s, since %s; another instance gets it when that "
	            "client has stopped, or with &force in the name, which takes the pages away "
	            "from that client",
	            pool->name, pool->owner_peer, since);
}

static int check_owner(struct pool *pool, bool force, char words[static WORDS_MAX])
{
	if (force || !owner_is_heard(pool))
		return 0;
	refuse_claim(pool, words);
	return -1;
}

int member_may_claim(struct pool *pool, bool force, char words[static WORDS_MAX])
{
	pthread_rwlock_rdlock(&pool->lock);
	int r = check_owner(pool, force, words);
	pthread_rwlock_unlock(&pool->lock);
	return r;
}

/* Who tries instances does not learn how far he came. */
static bool is_instance(const struct pool *pool, const char *instance)
{
	char a[POOL_INSTANCE_MAX + 1] = "", b[POOL_INSTANCE_MAX + 1] = "";

	snprintf(a, sizeof a, "%s", pool->instance);
	snprintf(b, sizeof b, "%s", instance);
	return secret_same(a, b, sizeof a);
}

/* Fenced members are hung up on here and leave on their own loops; until then
 * member_enter() keeps them out. */
int member_claim(struct member *m, struct pool *pool, const char *instance,
                 bool force, char words[static WORDS_MAX])
{
	struct member *old;
	int r = -1;

	pthread_rwlock_wrlock(&pool->lock);
	bool same = is_instance(pool, instance);
	if (!same && check_owner(pool, force, words) < 0)
		goto out;
	pool->epoch++;
	pool->tickets = (struct tickets){0};
	if (!same || atomic_load(pool_foreign(pool)))
		pool->since = pool->epoch;
	LIST_FOREACH(old, &pool->members, link)
		old->client.hang_up(&old->client, "fenced by a newer claim");
	snprintf(pool->instance, sizeof pool->instance, "%s", instance);
	snprintf(pool->owner_peer, sizeof pool->owner_peer, "%s", m->client.peer);
	pool->owner_since = time(NULL);
	/* In this order: killed in between, the owner learns that somebody wrote. */
	keep_label(pool);
	atomic_store(pool_foreign(pool), 0);
	m->client.read_only = false;
	add_member(pool, m, true);
	r = 0;
out:
	pthread_rwlock_unlock(&pool->lock);
	return r;
}

void member_add_counts(struct member_sums *sums, const struct member *m)
{
	sums->written_bytes += atomic_load_explicit(&m->counts.written_bytes, memory_order_relaxed);
	sums->read_bytes += atomic_load_explicit(&m->counts.read_bytes, memory_order_relaxed);
	sums->flushed_pages += atomic_load_explicit(&m->counts.flushed_pages, memory_order_relaxed);
	sums->refused_pages += atomic_load_explicit(&m->counts.refused_pages, memory_order_relaxed);
}

void member_leave(struct member *m)
{
	struct pool *pool = m->pool;

	if (!pool)
		return;
	pthread_rwlock_wrlock(&pool->lock);
	member_forget(m);
	LIST_REMOVE(m, link);
	member_add_counts(&pool->left, m);
	m->pool = NULL;
	m->client.export = NULL;
	pthread_rwlock_unlock(&pool->lock);
}

int member_enter(struct member *m)
{
	pthread_rwlock_rdlock(&m->pool->lock);
	if (m->epoch == m->pool->epoch)
		return 0;
	pthread_rwlock_unlock(&m->pool->lock);
	errno = ESTALE;
	return -1;
}

void member_exit(struct member *m)
{
	pthread_rwlock_unlock(&m->pool->lock);
}
