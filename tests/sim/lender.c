/* SPDX-License-Identifier: BSD-2-Clause */
/* A lender as the borrower may find it: honest about claims and epochs, which TLS
 * and its own code vouch for; about all else only as far as the dice let it. */
#include "sim.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lender lender[LENDERS_MAX];

static const uint64_t sizes[] = {
	EXTENTS * EXTENT_PAGES, 6 * EXTENT_PAGES + 77, DEVICE, (EXTENTS - 1) * EXTENT_PAGES,
	EXTENT_PAGES + SHORT,
};

/* What copies need must fit, where nothing is to be missing. Where there was another size before,
 * the one short extent may have a place that another needs. */
static unsigned sizes_n(void)
{
	if (config.mode == SAFETY && chance(4))
		return sizeof sizes / sizeof *sizes;
	return config.copies == 1 ? 3 : 2;
}

bool lenders_have_room(void)
{
	for (unsigned link_no = 0; link_no < config.lenders; link_no++)
		if (lender[link_no].pages < (config.copies == 1 && !lender[link_no].resized ? DEVICE : EXTENTS * EXTENT_PAGES))
			return false;
	return true;
}

void lender_resize(unsigned link_no)
{
	lender[link_no].pages = lender[link_no].told = sizes[dice(sizes_n())];
}

static uint64_t processes;

/* It may be that of another one, which then lends both. */
void lender_starts(unsigned link_no)
{
	lender[link_no].process = ++processes;
	if (config.shared && chance(2))
		lender[link_no].process = chance(8) ? 0 : lender[dice(config.lenders)].process;
}

void lenders_reset(void)
{
	processes = 0;
	for (unsigned link_no = 0; link_no < LENDERS_MAX; link_no++) {
		struct lender *l = &lender[link_no];

		store_wipe(&l->store);
		*l = (struct lender){ .incarnation = 1 + link_no, .epoch = 100,
		                      .wants = UINT64_MAX, .leads_to = link_no };
		lender_resize(link_no);
	}
	for (unsigned link_no = 0; link_no < config.lenders; link_no++)
		lender_starts(link_no);
	if (!lenders_have_room())
		HAPPENED(NO_ROOM);
}

void lender_renew(unsigned link_no)
{
	struct lender *l = &lender[link_no];

	store_wipe(&l->store);
	l->incarnation += LENDERS_MAX;
	l->epoch += 1000;
	l->ours = false;
	lender_starts(link_no);
}

int64_t lender_delay(unsigned link_no, enum message_kind kind)
{
	int64_t ms = (int64_t)dice((uint64_t)config.delay + 1);

	if (lender[link_no].hole == HOLE_LATE)
		ms += config.link_timeout * 9 / 20; /* each way */
	else if (lender[link_no].late_until > now && (kind == ASK || kind == REPLY))
		ms += config.link_timeout * 3 / 10;
	return lender[link_no].slow_until > now ? ms + (int64_t)dice((uint64_t)lender[link_no].slow) : ms;
}

static void introduce(struct conn *c, struct message *m, enum message_kind kind)
{
	const struct lender *l = &lender[c->at];
	char identity[IDENTITY_MAX];

	snprintf(identity, sizeof identity, l->process ? "%" PRIx64 " %" PRIu64 " %" PRIu64
	                                               : "%" PRIx64 " %" PRIu64,
	         l->incarnation, l->since, l->process);
	net_answer(c, m, kind, 0, NULL, identity);
}

static void claimed(struct conn *c, struct message *m)
{
	struct lender *l = &lender[c->at];

	if (l->others) {
		net_answer(c, m, REFUSED, 0, NULL, NULL);
		c->theirs = false;
		return;
	}
	net_fence(c->at);
	c->epoch = ++l->epoch;
	if (!l->ours)
		l->since = l->epoch;
	l->ours = true;
	TRACE("lender %u is claimed: epoch %llu, %s", c->at, (unsigned long long)l->epoch,
	      c->ours ? "we will hear" : "by a connection that we left");
	introduce(c, m, UP);
}

static void flip(uint8_t *data, size_t bytes)
{
	data[dice(bytes)] ^= (uint8_t)(1u << dice(8));
}

/* The first N of M's pages are written. The next was begun, so it is flushed. */
static void land(struct conn *c, struct message *m, uint64_t n)
{
	struct lender *l = &lender[c->at];

	if (!c->ours)
		HAPPENED(LANDED_LATE);
	TRACE("lender %u writes %llu+%llu of %llu%s", c->at, (unsigned long long)m->page,
	      (unsigned long long)n, (unsigned long long)m->pages,
	      c->ours ? "" : ", late");
	if (l->flips_in && chance(2))
		flip(m->data, m->pages * PAGE_BYTES);
	for (uint64_t i = 0; i < n; i++)
		store_put(&l->store, m->page + i, m->data + i * PAGE_BYTES);
	if (n < m->pages)
		store_flush(&l->store, m->page + n, 1);
}

static int put(struct conn *c, struct message *m)
{
	struct lender *l = &lender[c->at];

	if (l->errors && chance(2)) {
		land(c, m, dice(m->pages + 1));
		return chance(2) ? EIO : chance(2) ? EPERM : ENOSPC;
	}
	if (l->full || m->page + m->pages > l->wants) {
		uint64_t n = dice(m->pages);

		land(c, m, n);
		store_flush(&l->store, m->page, m->pages);
		return ENOSPC;
	}
	if (!(l->forgets && chance(2)))
		land(c, m, m->pages);
	return 0;
}

static int get(struct conn *c, struct message *m, uint8_t **data)
{
	struct lender *l = &lender[c->at];

	if (l->errors && chance(2))
		return chance(2) ? EIO : EINVAL;
	for (uint64_t i = 0; i < m->pages; i++)
		if (store_dropped(&l->store, m->page + i))
			return EIO;
	*data = malloc(m->pages * PAGE_BYTES);
	if (!*data)
		fail("the simulator has no memory");
	for (uint64_t i = 0; i < m->pages; i++)
		store_get(&l->store, m->page + i, *data + i * PAGE_BYTES);
	if (l->flips_out && chance(2))
		flip(*data, m->pages * PAGE_BYTES);
	return 0;
}

void lender_drops(unsigned link_no)
{
	if (lender[link_no].wants != UINT64_MAX)
		store_drop(&lender[link_no].store, lender[link_no].wants);
}

/* What is lost on the way holds up all behind it. */
static bool swallows(const struct lender *l, const struct message *m)
{
	return (l->hole == HOLE_PUTS && m->what == ASK_PUT) ||
	       (l->hole == HOLE_LARGE && m->what == ASK_PUT && m->pages > 2) ||
	       (l->hole == HOLE_GETS && m->what == ASK_GET);
}

static void asked(struct conn *c, struct message *m)
{
	struct lender *l = &lender[c->at];
	uint8_t *data = NULL;
	int error = 0;

	switch (m->what) {
	case ASK_PUT: error = put(c, m); break;
	case ASK_GET: error = get(c, m, &data); break;
	case ASK_DISCARD:
		if (l->errors && chance(2))
			error = EIO;
		store_flush(&l->store, m->page, error ? dice(m->pages) : m->pages);
		break;
	}
	if (l->mute && chance(3))
		free(data);
	else
		net_answer(c, m, REPLY, error, data, NULL);
}

/* The connection breaks while M is coming in. */
static void torn(struct conn *c, struct message *m)
{
	if (m->kind == ASK && m->what == ASK_PUT) {
		HAPPENED(TORN_PUT);
		land(c, m, dice(m->pages));
	} else if (m->kind == ASK && m->what == ASK_DISCARD) {
		store_flush(&lender[c->at].store, m->page, dice(m->pages));
	}
	net_end(c);
}

void lender_takes(struct conn *c, struct message *m)
{
	struct lender *l = &lender[c->at];

	if (l->state == VANISHED || c->deaf)
		return;
	if (c->epoch && c->epoch != l->epoch) {
		HAPPENED(FENCED);
		TRACE("lender %u refuses what is older than its claim", c->at);
	}
	if (l->state == DEAD || !c->theirs) {
		net_end(c);
		return;
	}
	if (m->kind == HELLO) {
		introduce(c, m, MET);
		return;
	}
	if (m->kind == CLAIM) {
		claimed(c, m);
		return;
	}
	if (c->epoch != l->epoch) {
		net_end(c);
		return;
	}
	if (swallows(l, m)) {
		c->deaf = true;
		return;
	}
	if (c->cut_after == 0) {
		torn(c, m);
		return;
	}
	if (c->cut_after > 0)
		c->cut_after--;
	asked(c, m);
}
