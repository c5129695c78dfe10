/* SPDX-License-Identifier: BSD-2-Clause */
#include "admit.h"

#include "limit.h"
#include "nbd.h"

uint32_t admit_named(struct pools *pools, const struct member *m, const struct export *e,
                     struct pool **pool, char words[static WORDS_MAX])
{
	*pool = pool_offered(pools, e->name, m->client.identity, &m->client.origin);
	if (*pool)
		return 0;
	if (*e->name)
		words_print(words, "there is no pool %s", e->name);
	else
		words_print(words, "this lender has no pools");
	return NBD_REP_ERR_UNKNOWN;
}

struct pool *admit_by_ticket(struct pools *pools, const struct member *m, const struct export *e)
{
	char words[WORDS_MAX];
	struct pool *pool = e->how == EXPORT_TICKET ? pool_find(pools, e->name) : NULL;

	return pool && allow_admits(&pool->allow, &m->client.origin) &&
	               member_may_join(pool, e->epoch, &e->ticket, words) == 0 ? pool : NULL;
}

uint32_t admit_to(struct pools *pools, const struct member *m, const struct export *e,
                  struct pool **pool, char words[static WORDS_MAX])
{
	*pool = admit_by_ticket(pools, m, e);
	return *pool ? 0 : admit_named(pools, m, e, pool, words);
}

static int refuse_epoch(const struct pool *pool, char words[static WORDS_MAX])
{
	words_print(words,
	            "pool %s: NAME@EPOCH opens nothing; use NAME@EPOCH.TICKET, which the reply to a claim "
	            "contains and which is good for one connection, or claim the pool", pool->name);
	return -1;
}

uint32_t admit_would_join(const struct export *e, struct pool *pool,
                          char words[static WORDS_MAX])
{
	int r = 0;

	if (e->how == EXPORT_EPOCH)
		r = refuse_epoch(pool, words);
	if (e->how == EXPORT_TICKET)
		r = member_may_join(pool, e->epoch, &e->ticket, words);
	if (e->how == EXPORT_CLAIM)
		r = member_may_claim(pool, e->force, words);
	return r < 0 ? NBD_REP_ERR_POLICY : 0;
}

/* The only connection of its owner, a further one, or neither. */
static enum limits_rank rank(const struct export *e, struct pool *pool)
{
	return e->how == EXPORT_PLAIN                           ? LIMITS_PLAIN
	       : e->how == EXPORT_TICKET && pool_owned(pool) ? LIMITS_OWNER
	                                                     : LIMITS_RESERVED;
}

uint32_t admit_join(struct member *m, const struct export *e, struct pool *pool,
                    char words[static WORDS_MAX])
{
	int r = -1;

	if (!limits_join(m->client.slot, rank(e, pool))) {
		words_print(words, "too many connections from this address, of this "
		            "identity, or in total; close some, or raise the limits on the lender");
		return NBD_REP_ERR_POLICY;
	}
	switch (e->how) {
	case EXPORT_PLAIN:
		r = member_join(m, pool);
		break;
	case EXPORT_EPOCH:
		r = refuse_epoch(pool, words);
		break;
	case EXPORT_TICKET:
		r = member_join_ticket(m, pool, e->epoch, &e->ticket, words);
		break;
	case EXPORT_CLAIM:
		r = member_claim(m, pool, e->instance, e->force, words);
		break;
	}
	if (r < 0)
		limits_rejoin(m->client.slot);
	return r < 0 ? NBD_REP_ERR_POLICY : 0;
}
