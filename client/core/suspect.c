/* SPDX-License-Identifier: BSD-2-Clause */
/* A lender that greets, and does not do what it is asked for, or only some of it, or only just
 * in time: it is judged by what it does. Each failure is a strike, after which others are asked
 * for a while, twice as long each time; from the third on its copies are made elsewhere, too.
 * Healing, which nobody waits for, tries it first again. Whoever has done well for long enough
 * begins anew. */
#include "suspect.h"

#include <assert.h>

#include "arith.h"
#include "peer.h"

#define PAUSE_MIN_MS 1000
#define PAUSE_MAX_MS 64000
#define STRIKES_MAX  8u
#define STRIKES_OUT  3u /* then its copies do not count */
#define TRIAL_MS     CORE_MOVE_MS /* healing tries it for so long before anybody else does */
#define PAROLE       4  /* pauses and timeouts without a strike, and all is forgiven */

static int64_t pause_ms(const struct peer *p)
{
	assert(p->strikes <= STRIKES_MAX);
	return p->strikes ? min_ms(PAUSE_MIN_MS << (p->strikes - 1), PAUSE_MAX_MS) : 0;
}

static bool within(const struct peer *p, int64_t ms, int64_t now)
{
	return p->strikes && now < p->struck_at + pause_ms(p) + ms;
}

static bool on_parole(const struct core *c, const struct peer *p, int64_t now)
{
	return within(p, PAROLE * (pause_ms(p) + c->o.link_timeout_ms), now);
}

bool struck_out(const struct core *c, unsigned link_no, int64_t now)
{
	assert(link_no < c->o.links);
	return within(&c->peer[link_no], 0, now);
}

bool struck_suspect(const struct core *c, unsigned link_no, int64_t now)
{
	assert(link_no < c->o.links);
	return within(&c->peer[link_no], TRIAL_MS, now);
}

bool struck_left_out(const struct core *c, unsigned link_no, int64_t now)
{
	const struct peer *p = &c->peer[link_no];

	assert(link_no < c->o.links);
	return p->strikes >= STRIKES_OUT && on_parole(c, p, now);
}

/* What failed at the same time failed once. */
static void strike(struct core *c, unsigned link_no, int64_t now)
{
	struct peer *p = &c->peer[link_no];

	assert(link_no < c->o.links);
	if (c->o.patient || (int)link_no == c->layout.spill || within(p, c->o.link_timeout_ms / 2 - pause_ms(p), now))
		return;
	if (!on_parole(c, p, now))
		p->strikes = 0;
	if (p->strikes < STRIKES_MAX)
		p->strikes++;
	p->struck_at = now;
	assert((int)link_no != c->layout.spill && p->strikes);
	if (p->strikes >= STRIKES_OUT)
		peer_want_heal(c, link_no);
}

static bool late(const struct core *c, const struct ask *ask, int64_t now)
{
	assert(ask->sent);
	return ask->kind != ASK_DISCARD && now - ask->sent_at > c->o.link_timeout_ms / 2;
}

void peer_judge_reply(struct core *c, const struct ask *ask, int error, int64_t now)
{
	assert(ask->link_no < c->o.links);
	if (late(c, ask, now))
		strike(c, ask->link_no, now);
	else if (!error && ask->kind != ASK_DISCARD)
		c->peer[ask->link_no].proved = true;
}

/* It ends while it owes an answer: a connection that was of use may be cut, one that never
 * was is no better than none. */
void peer_judge_end(struct core *c, unsigned link_no, int64_t now)
{
	const struct peer *p = &c->peer[link_no];
	const struct ask *oldest = TAILQ_FIRST(&p->sent);

	assert(link_no < c->o.links);
	if (p->state == PEER_UP && oldest && (!p->proved || late(c, oldest, now)))
		strike(c, link_no, now);
}
