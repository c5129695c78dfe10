/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>

#include "core_parts.h"

#define RETRY_IDLE_MAX_MS 1000
#define CONNECT_MIN_MS    2000
#define HEDGE_MIN_MS      2
#define WIPE_AGAIN_MS     1000

void peer_open(struct peer *p)
{
	*p = (struct peer){ .retry_ms = CORE_RETRY_MIN_MS, .down_since = INT64_MIN / 2, .twin = -1,
	                    .sibling = -1 };
	TAILQ_INIT(&p->ready);
	TAILQ_INIT(&p->sent);
}

void peer_set_state(struct peer *p, enum peer_state state, int64_t now)
{
	assert(p->state != PEER_RETIRED);
	assert(p->state != PEER_GONE || state == PEER_RETIRED);
	if (p->state != state)
		p->state_since = now;
	p->state = state;
}

bool peer_up(const struct core *c, int on)
{
	return on >= 0 && c->peer[on].state == PEER_UP;
}

bool peer_away(const struct core *c, unsigned on)
{
	enum peer_state state = c->peer[on].state;

	return state != PEER_UP && state != PEER_GONE && state != PEER_RETIRED;
}

bool peer_counts(const struct core *c, int on, int64_t now)
{
	const struct peer *p;

	if (on < 0)
		return false;
	p = &c->peer[on];
	return p->state == PEER_UP ||
	       (p->state != PEER_GONE && now - p->down_since < CORE_MOVE_MS);
}

bool peer_full(const struct core *c, int on, int64_t now)
{
	return c->peer[on].full_until > now;
}

int64_t peer_hedge_ms(const struct core *c, unsigned on)
{
	int64_t ms = c->peer[on].slow / 256 + HEDGE_MIN_MS;

	return sooner(ms, c->o.link_timeout_ms / 2);
}

/* Follows the time that 99 of 100 replies come in: a reply that is later raises it as
 * much as 99 that are sooner lower it. */
void peer_measure(struct core *c, const struct ask *ask, int64_t now)
{
	struct peer *p = &c->peer[ask->on];
	int64_t step = p->slow / 512 + 1;

	if (ask->kind == ASK_FLUSH)
		return;
	if ((now - ask->sent_at) * 256 > p->slow)
		p->slow += step * 99;
	else if (p->slow > step)
		p->slow -= step;
}

/* A slot whose flush did not come to its end is as dirty as before. */
static void wiped(struct core *c, struct ask *ask, bool clean, int64_t now)
{
	struct peer *p = &c->peer[ask->on];

	layout_wiped(&c->layout, ask->on, (uint32_t)(ask->page / EXTENT_PAGES),
	             (uint32_t)((ask->pages + EXTENT_PAGES - 1) / EXTENT_PAGES), clean);
	p->wipe = NULL;
	if (!clean)
		p->wipe_at = now + WIPE_AGAIN_MS;
}

/* Nothing that was asked of it will be answered. */
static void forget_asks(struct core *c, struct peer *p, struct ask_list *list, int64_t now)
{
	struct ask *ask;

	while ((ask = TAILQ_FIRST(list))) {
		if (ask == p->wipe)
			wiped(c, ask, false, now);
		else if (ask->op)
			op_cut(ask->op, ask);
		ask_free(c, ask);
	}
}

void peer_want_heal(struct core *c, unsigned on)
{
	for (uint64_t e = 0; e < c->map->extents; e++)
		for (unsigned copy = 0; copy < COPY_PLACES; copy++)
			if (c->map->extent[e].copy[copy].on == (int)on)
				map_heal(c->map, &c->map->extent[e], true);
}

/* The one way down, also for one that did not come up. */
static void go_down(struct core *c, unsigned on, int64_t now)
{
	struct peer *p = &c->peer[on];

	peer_judge_end(c, on, now);
	if (p->state == PEER_UP)
		p->down_since = now;
	if (p->state != PEER_GONE)
		peer_set_state(p, PEER_DOWN, now);
	p->retry_at = now + p->retry_ms;
	p->retry_ms = sooner(p->retry_ms * 2, RETRY_IDLE_MAX_MS);
	forget_asks(c, p, &p->ready, now);
	forget_asks(c, p, &p->sent, now);
	peer_want_heal(c, on);
	core_kick(c, now);
}

void core_link_down(struct core *c, unsigned on, int64_t now)
{
	still_enter(c, now);
	go_down(c, on, now);
}

/* A disk cannot be made to let go of buffers, and is not fenced by a claim: what it was
 * asked for stays under way, for nobody, and nothing new is asked until all of it ended. */
static void stick(struct core *c, struct peer *p, int64_t now)
{
	struct ask *ask;

	peer_set_state(p, PEER_STUCK, now);
	p->down_since = now;
	forget_asks(c, p, &p->ready, now);
	TAILQ_FOREACH(ask, &p->sent, link) {
		if (ask->op)
			op_cut(ask->op, ask);
		ask->op = NULL;
	}
	core_kick(c, now);
}

static void unstick(struct core *c, struct peer *p, int64_t now)
{
	if (p->state != PEER_STUCK || p->asks)
		return;
	peer_set_state(p, PEER_UP, now);
	core_kick(c, now);
}

void peer_close(struct core *c, unsigned on, int64_t now)
{
	struct peer *p = &c->peer[on];

	if ((int)on == c->layout.spill && p->state == PEER_UP) {
		stick(c, p, now);
		return;
	}
	p->close = true;
	go_down(c, on, now);
}

void core_reply(struct core *c, struct ask *ask, int error, int64_t now)
{
	struct peer *p = &c->peer[ask->on];
	struct op *op = ask->op;

	still_enter(c, now);
	peer_measure(c, ask, now);
	peer_judge_reply(c, ask, error, now);
	if (error && ask->kind == ASK_PUT)
		p->full_until = now + CORE_FULL_MS;
	if (ask == p->wipe)
		wiped(c, ask, !error, now);
	if (op) {
		op->asking &= (uint8_t)~(1u << ask->copy);
		op_replied(c, op, ask, error);
	}
	ask_free(c, ask);
	if (op && op->state == OP_ACTIVE && !op->asking)
		op_go_on(c, op, now);
	unstick(c, p, now);
	if (c->starved)
		core_kick(c, now);
}

/* The spill is what remains when nobody else can be asked: it may be as slow as
 * requests' deadlines allow. */
int64_t peer_timeout_ms(const struct core *c, unsigned on)
{
	return (int)on == c->layout.spill ? c->o.deadline_ms : c->o.link_timeout_ms;
}

int64_t peer_expires(const struct core *c, unsigned on)
{
	const struct peer *p = &c->peer[on];
	const struct ask *oldest = TAILQ_FIRST(&p->sent);

	if (p->state == PEER_CONNECTING)
		return p->connect_by;
	return oldest && p->state == PEER_UP ? oldest->sent_at + peer_timeout_ms(c, on)
	                                     : CORE_NEVER;
}

static void wipe(struct core *c, unsigned on, int64_t now)
{
	struct peer *p = &c->peer[on];
	int64_t slot;
	uint32_t n;

	if (p->state != PEER_UP || p->wipe || now < p->wipe_at)
		return;
	slot = layout_wipe(&c->layout, on, &n);
	if (slot >= 0 && !ask_wipe(c, on, (uint32_t)slot, n))
		layout_wiped(&c->layout, on, (uint32_t)slot, n, false);
}

void peers_tick(struct core *c, int64_t now)
{
	for (unsigned on = 0; on < c->o.links; on++) {
		if (peer_expires(c, on) <= now) {
			c->peer[on].timeouts++;
			peer_close(c, on, now);
		}
		wipe(c, on, now);
	}
}

int64_t peers_wake_at(const struct core *c, bool background)
{
	int64_t at = CORE_NEVER;

	for (unsigned on = 0; on < c->o.links; on++) {
		const struct peer *p = &c->peer[on];

		at = sooner(at, peer_expires(c, on));
		if (p->state == PEER_DOWN)
			at = sooner(at, p->retry_at);
		if (p->state == PEER_UP && background && !p->wipe && c->layout.slots[on].dirty_n)
			at = sooner(at, p->wipe_at);
	}
	return at;
}

void peers_hurry(struct core *c, int64_t now)
{
	for (unsigned on = 0; on < c->o.links; on++)
		c->peer[on].retry_at = sooner(c->peer[on].retry_at, now + CORE_RETRY_MAX_MS);
}

/* The next peer that is to be connected now, -1 none. */
int peers_connect(struct core *c, int64_t now)
{
	for (unsigned on = 0; on < c->o.links; on++) {
		struct peer *p = &c->peer[on];

		if (p->state != PEER_DOWN || p->close || now < p->retry_at)
			continue;
		peer_set_state(p, PEER_CONNECTING, now);
		p->connect_by = now + later(c->o.link_timeout_ms, CONNECT_MIN_MS);
		return (int)on;
	}
	return -1;
}

bool core_wiping(const struct core *c)
{
	for (unsigned on = 0; on < c->o.links; on++)
		if (c->peer[on].state == PEER_UP &&
		    (c->peer[on].wipe || c->layout.slots[on].dirty_n))
			return true;
	return false;
}

bool core_busy(const struct core *c)
{
	if (c->heal.busy)
		return true;
	for (unsigned on = 0; on < c->o.links; on++)
		if (c->peer[on].state == PEER_CONNECTING || c->peer[on].wipe)
			return true;
	return false;
}
