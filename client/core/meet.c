/* SPDX-License-Identifier: BSD-2-Clause */
/* Links that come up, and those that come and go for good: whose pool is it, and is what was there
 * still there? */
#include "meet.h"

#include <assert.h>
#include <string.h>

#include "down.h"
#include "extent.h"
#include "peer.h"
#include "suspect.h"

/* Operations under way must not remember a copy that was lost. */
static void lose(struct core *c, unsigned link_no)
{
	struct op_list *lists[] = { &c->active, &c->came, &c->check };
	struct op *op;

	assert(c->peer[link_no].known && !c->peer[link_no].asks);
	layout_lost(&c->layout, link_no);
	for (unsigned i = 0; i < sizeof lists / sizeof *lists; i++)
		TAILQ_FOREACH(op, lists[i], link)
			for (unsigned copy = 0; copy < COPY_PLACES; copy++)
				if (map_extent(c->map, op->page)->copy[copy].link_no == (int)link_no)
					op->acked &= (uint8_t)~(1u << copy);
	/* Only now: from here on nothing says any more where the copies were. */
	for (unsigned i = 0; i < sizeof lists / sizeof *lists; i++)
		TAILQ_FOREACH(op, lists[i], link)
			extent_freshen(c, map_extent(c->map, op->page));
}

/* Another link that is in use, and has the SAME. */
static int other_of(const struct core *c, unsigned link_no, const char *identity,
                    bool (*same)(const char *, const char *))
{
	assert(link_no < c->o.links);
	for (unsigned other = 0; other < c->o.links; other++) {
		const struct peer *p = &c->peer[other];

		if (other != link_no && p->known && p->state != PEER_GONE && p->state != PEER_RETIRED &&
		    same(p->identity, identity))
			return (int)other;
	}
	return -1;
}

/* Two links to one pool would put over each other's pages. Copies in two pools of one lender
 * would be lost together. */
bool peer_meets(struct core *c, unsigned link_no, const char *identity)
{
	struct peer *p = &c->peer[link_no];
	bool apart = c->o.copies > 1 && !c->o.same_lender;

	assert(identity);
	p->twin = other_of(c, link_no, identity, identity_same_pool);
	p->sibling = apart && p->twin < 0 ? other_of(c, link_no, identity, identity_same_lender) : -1;
	return p->twin < 0 && p->sibling < 0;
}

/* Of a pool that has shrunk nobody knows what of it was kept. */
static void meet(struct core *c, unsigned link_no, const char *identity, uint64_t pages, int64_t now)
{
	struct peer *p = &c->peer[link_no];
	bool other = !identity_same(p->identity, identity);

	assert(p->state != PEER_UP && p->state != PEER_RETIRED);
	if (p->known && (other || pages < c->layout.slots[link_no].pages)) {
		lose(c, link_no);
		if (other && identity_same_pool(p->identity, identity)) {
			c->counts.usurped++;
			peer_set_state(c, link_no, PEER_GONE, now);
		} else {
			c->counts.lost_memories++;
		}
	}
	strncpy(p->identity, identity, sizeof p->identity - 1);
}

void peer_came(struct core *c, unsigned link_no, const char *identity, uint64_t pages, int64_t now)
{
	struct peer *p = &c->peer[link_no];

	assert(!p->asks && !p->wipe && !p->close);
	if (!peer_meets(c, link_no, identity)) {
		peer_close(c, link_no, now); /* the other was the first */
		return;
	}
	meet(c, link_no, identity, pages, now);
	if (p->state == PEER_GONE) {
		peer_close(c, link_no, now);
		return;
	}
	peer_set_state(c, link_no, PEER_UP, now);
	p->known = true;
	p->retry_ms = CORE_RETRY_MIN_MS;
	p->full_until = 0;
	p->proved = false;
	p->wipe_at = 0;
	layout_size(&c->layout, link_no, pages);
	for (unsigned other = 0; other < c->o.links; other++)
		if (peer_left_out(c, other, now))
			peer_want_heal(c, other); /* now there may be another */
	c->heal.next_at = now;
	c->kick = true;
}

int peer_add(struct core *c, int64_t now)
{
	unsigned link_no = 0;

	while (link_no < c->o.links && c->peer[link_no].state != PEER_RETIRED)
		link_no++;
	if (link_no == LINKS_MAX)
		return -1;
	if (link_no == c->o.links)
		c->layout.links = ++c->o.links;
	assert(!c->peer[link_no].close && !c->peer[link_no].asks && !c->peer[link_no].buffers);
	peer_init(&c->peer[link_no]);
	c->peer[link_no].retry_at = now;
	layout_forget(&c->layout, link_no);
	return (int)link_no;
}

bool peer_retire(struct core *c, unsigned link_no, int64_t now)
{
	struct peer *p = &c->peer[link_no];

	assert((int)link_no != c->layout.spill);
	if (c->layout.slots[link_no].used || p->buffers ||
	    (p->state == PEER_UP && (p->asks || p->wipe || c->layout.slots[link_no].dirty_n)))
		return false;
	peer_close(c, link_no, now);
	peer_set_state(c, link_no, PEER_RETIRED, now);
	return true;
}
