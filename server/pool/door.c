/* SPDX-License-Identifier: BSD-2-Clause */
#include "door.h"

#include <stdio.h>
#include <string.h>

#include "admit.h"
#include "log.h"
#include "nbd.h"
#include "size.h"

/* Lines of a kind a minute. */
#define LINES_MAX 600

_Static_assert(POOL_NAME_MAX < BACKEND_NAME_MAX, "a name is told whole");

static struct member *member(struct client *c)
{
	return (struct member *)c;
}

static const struct member *looker(const struct client *c)
{
	return (const struct member *)c;
}

static void list(const struct backend *b, const struct client *c,
                 void (*see)(void *data, const char *name), void *data)
{
	struct pools *pools = b->data;
	struct pool *pool;

	pthread_mutex_lock(&pools->lock);
	TAILQ_FOREACH(pool, &pools->list, link)
		if (pool_admits(pool, c->identity, &c->origin))
			see(data, pool->name);
	pthread_mutex_unlock(&pools->lock);
}

/* A ticket was sent within TLS, so a client that sends it in plaintext has it from a holder of a key: a
 * kernel's client, for one, which does not speak TLS. */
static bool invites(const struct backend *b, const struct client *c, const char *name, size_t len)
{
	struct pools *pools = b->data;
	struct export e;

	if (export_parse(&e, name, len) < 0)
		return false;
	pthread_mutex_lock(&pools->lock);
	bool invited = admit_by_ticket(pools, looker(c), &e) != NULL;
	pthread_mutex_unlock(&pools->lock);
	return invited;
}

static bool door_find(const struct backend *b, const struct client *c, const char *name, size_t len)
{
	struct pools *pools = b->data;
	char words[WORDS_MAX];
	struct pool *pool;
	struct export e;

	if (export_parse(&e, name, len) < 0)
		return false;
	pthread_mutex_lock(&pools->lock);
	bool found = admit_named(pools, looker(c), &e, &pool, words) == 0;
	pthread_mutex_unlock(&pools->lock);
	return found;
}

/* The name under which a further connection joins what this one is part of. Not where it
 * could be overheard by somebody who could not have claimed himself. */
static void tell_name(const struct member *m, const struct pool *pool, const struct backend_ask *ask,
                      char name[static BACKEND_NAME_MAX])
{
	if (m->pool && m->owner && (ask->secured || (!ask->tls_required && !*pool->owner)))
		member_tell_name(m, name);
	else
		snprintf(name, BACKEND_NAME_MAX, "%s", pool->name);
}

static void tell(const struct member *m, struct pool *pool, const struct backend_ask *ask,
                 struct backend_answer *answer)
{
	answer->size = pool->size;
	if (ask->wants_name)
		tell_name(m, pool, ask, answer->name);
	if (ask->wants_description)
		pool_describe(pool, answer->description);
}

static int parse(struct export *e, const struct backend_ask *ask, struct backend_answer *answer)
{
	if (export_parse(e, ask->name, ask->len) == 0)
		return 0;
	words_print(answer->words, "no such export name: it is POOL, "
	         "POOL?claim=INSTANCE[&force] or POOL@EPOCH.TICKET");
	return -1;
}

static uint32_t info(const struct backend *b, const struct client *c, const struct backend_ask *ask,
                     struct backend_answer *answer)
{
	struct pools *pools = b->data;
	struct pool *pool;
	struct export e;

	if (parse(&e, ask, answer) < 0)
		return NBD_REP_ERR_UNKNOWN;
	pthread_mutex_lock(&pools->lock);
	uint32_t error = admit_named(pools, looker(c), &e, &pool, answer->words);
	if (!error)
		error = admit_would_join(&e, pool, answer->words);
	if (!error) {
		answer->read_only = e.how == EXPORT_PLAIN && pool_owned(pool);
		tell(looker(c), pool, ask, answer);
	}
	pthread_mutex_unlock(&pools->lock);
	return error;
}

static uint32_t join(const struct backend *b, struct client *c, const struct backend_ask *ask,
                     struct backend_answer *answer)
{
	struct pools *pools = b->data;
	struct pool *pool;
	struct export e;

	if (parse(&e, ask, answer) < 0)
		return NBD_REP_ERR_UNKNOWN;
	pthread_mutex_lock(&pools->lock);
	uint32_t error = admit_to(pools, looker(c), &e, &pool, answer->words);
	if (!error)
		error = admit_join(member(c), &e, pool, answer->words);
	if (!error) {
		answer->read_only = c->read_only;
		tell(looker(c), pool, ask, answer);
	}
	pthread_mutex_unlock(&pools->lock);
	return error;
}

static void door_begin(struct client *c)
{
	const struct member *m = member(c);

	log_often(LOG_INFO, "pools were opened", LINES_MAX, "%s opens pool %s, epoch %llu%s", c->peer,
	          m->pool->name, (unsigned long long)m->epoch,
	          m->owner       ? ", as its owner"
	          : c->read_only ? ", read-only beside its owner"
	                         : "");
}

/* Is M of its pool's owner, and the last that is? */
static bool is_last_owner(const struct member *m)
{
	struct member *other;
	bool last = m->owner && m->epoch == m->pool->epoch;

	LIST_FOREACH(other, &m->pool->members, link)
		last &= other == m || !other->owner || other->epoch != m->epoch;
	return last;
}

/* Somebody's pages are here, and nobody is there for them. */
static void say_gone(const struct member *m, enum backend_end how)
{
	struct pool *pool = m->pool;
	char held[32];

	pthread_rwlock_rdlock(&pool->lock);
	bool last = is_last_owner(m);
	pthread_rwlock_unlock(&pool->lock);
	uint64_t used = atomic_load(&pool->used_pages) << PAGE_SHIFT;
	if (!last || !used)
		return;
	size_format(used, held);
	log_often(LOG_INFO, "owners left pages behind", LINES_MAX, "%s, the owner of pool %s, %s; the "
	          "pool holds %s", m->client.peer, pool->name,
	          how == END_SAID ? "disconnected" : "vanished", held);
}

static void leave(struct client *c, enum backend_end how)
{
	struct member *m = member(c);

	if (m->pool && how != END_ALL)
		say_gone(m, how);
	member_leave(m);
}

static int enter(struct client *c)
{
	return member_enter(member(c));
}

static void leave_pool(struct client *c)
{
	member_exit(member(c));
}

static int put(struct client *c, uint64_t offset, size_t len, const uint8_t *data)
{
	return member_put(member(c), offset, len, data);
}

static int fill(struct client *c, uint64_t offset, size_t len)
{
	return member_fill(member(c), offset, len);
}

static enum backend_got get(struct client *c, uint64_t offset, size_t *len, const uint8_t **data)
{
	return member_get(member(c), offset, len, data);
}

static enum backend_got door_look(struct client *c, uint64_t offset, size_t *len)
{
	return member_look(member(c), offset, len);
}

static bool wait_for(struct client *c, uint64_t offset)
{
	return member_wait(member(c), offset);
}

static bool lost(struct client *c, uint64_t offset, size_t len)
{
	return member_dropped(member(c), offset, len);
}

static uint64_t wanted(struct client *c)
{
	return member_vacate(member(c));
}

static int64_t erase(struct client *c, uint64_t *offset, uint64_t end, uint64_t max)
{
	return member_discard(member(c), offset, end, max);
}

static int64_t settle(struct client *c, uint64_t *offset, uint64_t end, uint64_t max)
{
	return member_settle(member(c), offset, end, max);
}

static uint64_t pace(struct client *c, uint64_t requests, uint64_t bytes)
{
	struct pool *pool = member(c)->pool;

	return pool_is_limited(pool) ? pool_pace(pool, requests, bytes) : 0;
}

static void charge(struct client *c, uint64_t requests, uint64_t bytes)
{
	struct pool *pool = member(c)->pool;

	if (pool_is_limited(pool))
		pool_charge(pool, requests, bytes);
}

static void reads(struct client *c, uint64_t bytes)
{
	member_reads(member(c), bytes);
}

static const struct backend_ops ops = {
	.client_bytes = sizeof(struct member),
	.list = list,
	.invites = invites,
	.find = door_find,
	.info = info,
	.join = join,
	.begin = door_begin,
	.leave = leave,
	.enter = enter,
	.exit = leave_pool,
	.put = put,
	.fill = fill,
	.get = get,
	.look = door_look,
	.wait = wait_for,
	.lost = lost,
	.wanted = wanted,
	.erase = erase,
	.settle = settle,
	.pace = pace,
	.charge = charge,
	.reads = reads,
};

struct backend door_to(struct pools *pools)
{
	return (struct backend){ &ops, pools };
}
