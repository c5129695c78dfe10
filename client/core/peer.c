/* SPDX-License-Identifier: BSD-2-Clause */
/* A link is DOWN until its pause is over, CONNECTING until it has claimed its pool, UP until it
 * ends or owes an answer too long. Its copies count while it is UP, and for two seconds after. */
#include "peer.h"

#include <assert.h>

#include "arith.h"

#define CONNECT_MIN_MS 2000
#define HEDGE_MIN_MS   2

void peer_init(struct peer *p)
{
	*p = (struct peer){ .retry_ms = CORE_RETRY_MIN_MS, .down_since = INT64_MIN / 2, .twin = -1,
	                    .sibling = -1 };
	TAILQ_INIT(&p->ready);
	TAILQ_INIT(&p->sent);
}

/* Which steps there are: bit S of steps[T] says that T may follow S. */
static const unsigned steps[] = {
	[PEER_DOWN] = 1 << PEER_DOWN | 1 << PEER_CONNECTING | 1 << PEER_UP | 1 << PEER_STUCK,
	[PEER_CONNECTING] = 1 << PEER_DOWN,
	[PEER_UP] = 1 << PEER_DOWN | 1 << PEER_CONNECTING | 1 << PEER_STUCK, /* opened before the core began: from DOWN */
	[PEER_STUCK] = 1 << PEER_UP,
	[PEER_GONE] = 1 << PEER_DOWN | 1 << PEER_CONNECTING | 1 << PEER_GONE,
	[PEER_RETIRED] = 1 << PEER_DOWN | 1 << PEER_GONE,
};

void peer_set_state(struct core *c, unsigned link_no, enum peer_state state, int64_t now)
{
	struct peer *p = &c->peer[link_no];

	assert(steps[state] & 1u << p->state);
	assert(state != PEER_STUCK || (int)link_no == c->layout.spill);
	if (c->o.peer_steps)
		c->o.peer_steps(link_no, p->state, state);
	if (p->state != state)
		p->state_since = now;
	p->state = state;
}

bool peer_away(const struct core *c, unsigned link_no)
{
	enum peer_state state = c->peer[link_no].state;

	assert(link_no < LINKS_MAX);
	return state != PEER_UP && state != PEER_GONE && state != PEER_RETIRED;
}

bool peer_counts(const struct core *c, int link_no, int64_t now)
{
	const struct peer *p;

	if (link_no < 0)
		return false;
	p = &c->peer[link_no];
	return p->state == PEER_UP ||
	       (p->state != PEER_GONE && now - p->down_since < CORE_MOVE_MS);
}

void peer_want_heal(struct core *c, unsigned link_no)
{
	assert(link_no < LINKS_MAX);
	for (uint64_t e = 0; e < c->map->extents; e++)
		for (unsigned copy = 0; copy < COPY_PLACES; copy++)
			if (c->map->extent[e].copy[copy].link_no == (int)link_no)
				map_heal(c->map, &c->map->extent[e], true);
}

int64_t peer_hedge_ms(const struct core *c, unsigned link_no)
{
	int64_t ms = c->peer[link_no].slow / 256 + HEDGE_MIN_MS;

	assert(link_no < c->o.links);
	return min_ms(ms, c->o.link_timeout_ms / 2);
}

/* Follows the time that 99 of 100 replies come in: a reply that is later raises it as
 * much as 99 that are sooner lower it. */
void peer_measure(struct core *c, const struct ask *ask, int64_t now)
{
	struct peer *p = &c->peer[ask->link_no];
	int64_t step = p->slow / 512 + 1;

	assert(ask->sent);
	if (ask->kind == ASK_DISCARD)
		return;
	if ((now - ask->sent_at) * 256 > p->slow)
		p->slow += step * 99;
	else if (p->slow > step)
		p->slow -= step;
}

/* The spill is what remains when nobody else can be asked: it may be as slow as
 * requests' deadlines allow. */
int64_t peer_timeout_ms(const struct core *c, unsigned link_no)
{
	assert(link_no < c->o.links);
	return (int)link_no == c->layout.spill ? c->o.deadline_ms : c->o.link_timeout_ms;
}

int64_t peer_expires(const struct core *c, unsigned link_no)
{
	const struct peer *p = &c->peer[link_no];
	const struct ask *oldest = TAILQ_FIRST(&p->sent);

	assert(link_no < c->o.links);
	assert(!oldest || p->state == PEER_UP || p->state == PEER_STUCK);
	if (p->state == PEER_CONNECTING)
		return p->connect_by;
	return oldest && p->state == PEER_UP ? oldest->sent_at + peer_timeout_ms(c, link_no)
	                                     : CORE_NEVER;
}

int64_t peers_wake_at(const struct core *c, bool background)
{
	int64_t at = CORE_NEVER;

	for (unsigned link_no = 0; link_no < c->o.links; link_no++) {
		const struct peer *p = &c->peer[link_no];

		at = min_ms(at, peer_expires(c, link_no));
		if (p->state == PEER_DOWN)
			at = min_ms(at, p->retry_at);
		if (p->state == PEER_UP && background && !p->wipe && c->layout.slots[link_no].dirty_n)
			at = min_ms(at, p->wipe_at);
	}
	return at;
}

void peers_hurry(struct core *c, int64_t now)
{
	for (unsigned link_no = 0; link_no < c->o.links; link_no++)
		c->peer[link_no].retry_at = min_ms(c->peer[link_no].retry_at, now + CORE_RETRY_MAX_MS);
}

int peers_connect(struct core *c, int64_t now)
{
	for (unsigned link_no = 0; link_no < c->o.links; link_no++) {
		struct peer *p = &c->peer[link_no];

		if (p->state != PEER_DOWN || p->close || now < p->retry_at)
			continue;
		assert(!p->asks && !p->discards && !p->wipe);
		peer_set_state(c, link_no, PEER_CONNECTING, now);
		p->connect_by = now + max_ms(c->o.link_timeout_ms, CONNECT_MIN_MS);
		return (int)link_no;
	}
	return -1;
}
