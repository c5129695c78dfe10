/* SPDX-License-Identifier: BSD-2-Clause */
/* What lenders say, on its way to the borrower, and what the core is told when it arrives. */
#include "net.h"

#include <stdlib.h>
#include <string.h>

static void meet(struct conn *c, const char *identity)
{
	bool twin = who_twin(c->link_no, identity);
	bool sibling = who_sibling(c->link_no, identity);

	TRACE("link %u leads to lender %u: %s", c->link_no, c->at, identity);
	if (core_link_meets(&core, c->link_no, identity)) {
		net_push(c, net_message(CLAIM, NULL));
		return;
	}
	if (!twin && !sibling)
		fail("link %u may not claim its pool, which no other has", c->link_no);
	if (twin)
		HAPPENED(TWIN);
	else
		HAPPENED(SIBLING);
	net_went_down(c);
}

/* Has another link become the first since it met this one? */
static bool comes_second(unsigned link_no, const struct message *m)
{
	if (who_twin(link_no, m->identity))
		HAPPENED(TWIN_CLAIMED);
	else if (who_sibling(link_no, m->identity))
		HAPPENED(SIBLING_CLAIMED);
	else
		return false;
	core_link_up(&core, link_no, m->identity, m->pages, now);
	if (core.peer[link_no].state == PEER_UP)
		fail("link %u is up, and its pool, or its lender, is another's", link_no);
	return true;
}

static void hear(struct conn *c, struct message *m)
{
	unsigned link_no = c->link_no;

	switch (m->kind) {
	case MET:
		meet(c, m->identity);
		break;
	case UP:
		TRACE("link %u is up: %s, %llu pages", link_no, m->identity,
		      (unsigned long long)m->pages);
		net_is_up(link_no);
		c->told = m->pages;
		if (comes_second(link_no, m))
			break;
		who_heard(link_no, m->identity);
		core_link_up(&core, link_no, m->identity, m->pages, now);
		break;
	case REFUSED:
		HAPPENED(CLAIM_REFUSED);
		net_went_down(c);
		break;
	case REPLY:
		TRACE("link %u replies to %s of %llu+%u: %d", link_no,
		      (const char *[]){ "put", "get", "flush" }[m->ask->kind],
		      (unsigned long long)m->ask->page, m->ask->pages, m->error);
		if (m->data)
			memcpy(m->ask->data, m->data, m->pages * PAGE_BYTES);
		core_reply(&core, m->ask, m->error, now);
		break;
	case HELLO:
	case CLAIM:
	case ASK:
		break;
	}
}

/* Some of a reply, and all of it later. */
static bool halfway(struct conn *c, struct message *m)
{
	if (!c->ours || !m->data || m->begun || chance(2))
		return false;
	m->begun = true;
	memcpy(m->ask->data, m->data, dice(m->pages * PAGE_BYTES));
	return true;
}

static void arrive_from(unsigned i)
{
	struct conn *c = net_numbered(i);
	struct message *m = TAILQ_FIRST(&c->from);
	int64_t until = lender[c->at].from_until;

	c->events--;
	if (!m)
		return;
	if (until > now || halfway(c, m)) {
		c->events++;
		event_at((until > now ? until : now) + (int64_t)dice(4), arrive_from, i);
		return;
	}
	TAILQ_REMOVE(&c->from, m, link);
	if (c->ours)
		hear(c, m);
	free(m->data);
	free(m);
}

void net_answer(struct conn *c, const struct message *to, enum message_kind kind, int error,
                uint8_t *data, const char *identity)
{
	struct message *m;

	if (!c->ours) {
		HAPPENED(REPLY_LOST);
		free(data);
		return;
	}
	m = net_message(kind, to->ask);
	m->page = to->page;
	m->pages = kind == UP ? lender[c->at].told : to->pages;
	m->data = data;
	m->error = error;
	if (identity)
		strcpy(m->identity, identity);
	TAILQ_INSERT_TAIL(&c->from, m, link);
	c->events++;
	event_at(now + lender_delay(c->at, kind), arrive_from, net_number(c));
}
