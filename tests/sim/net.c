/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections between the borrower and its lenders, a queue each way. What was
 * written into one is on its way, whatever becomes of the side that wrote it. */
#include "net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CONNS        8192u
#define KEEPALIVE_MS 15000

static struct conn conn[CONNS];
static unsigned conns;            /* of which were ever used */
static struct conn *line[LENDERS_MAX];
static bool line_up[LENDERS_MAX];
static bool just_ended[LENDERS_MAX]; /* the core may not have heard of it when it closes */

unsigned net_number(const struct conn *c) { return (unsigned)(c - conn); }
struct conn *net_numbered(unsigned i) { return &conn[i]; }

static void drop(struct message_list *list, struct message *m)
{
	TAILQ_REMOVE(list, m, link);
	free(m->data);
	free(m);
}

static void drop_all(struct message_list *list)
{
	while (!TAILQ_EMPTY(list))
		drop(list, TAILQ_FIRST(list));
}

struct message *net_message(enum message_kind kind, struct ask *ask)
{
	struct message *m = calloc(1, sizeof *m);

	if (!m)
		fail("the simulator has no memory");
	m->kind = kind;
	m->ask = ask;
	return m;
}

void net_reset(void)
{
	for (unsigned i = 0; i < conns; i++) {
		drop_all(&conn[i].to);
		drop_all(&conn[i].from);
	}
	conns = 0;
	memset(line, 0, sizeof line);
	memset(line_up, 0, sizeof line_up);
	who_reset();
}

static struct conn *conn_new(unsigned link_no)
{
	struct conn *c;
	unsigned i = 0;

	while (i < conns && (conn[i].ours || conn[i].events))
		i++;
	if (i == CONNS)
		fail("more than %u connections are open at once", CONNS);
	conns += i == conns;
	c = &conn[i];
	*c = (struct conn){ .link_no = link_no, .at = lender[link_no].leads_to, .ours = true, .theirs = true, .cut_after = -1 };
	TAILQ_INIT(&c->to);
	TAILQ_INIT(&c->from);
	return c;
}

struct conn *net_conn(unsigned link_no) { return line[link_no]; }

void net_is_up(unsigned link_no) { line_up[link_no] = true; }

bool net_up(unsigned link_no)
{
	return line_up[link_no] && line[link_no]->theirs && line[link_no]->epoch == lender[line[link_no]->at].epoch;
}

/* ---- we hear */

/* Until the very end a reply may have been arriving. */
static void scribble(struct conn *c)
{
	struct message *m;

	TAILQ_FOREACH(m, &c->from, link)
		if (m->kind == REPLY && m->data && chance(2))
			memcpy(m->ask->data, m->data, dice(m->pages * PAGE_BYTES));
}

static void leave(struct conn *c)
{
	struct message *m, *next;

	c->ours = false;
	line[c->link_no] = NULL;
	line_up[c->link_no] = false;
	for (m = TAILQ_FIRST(&c->from); m; m = next) {
		next = TAILQ_NEXT(m, link);
		HAPPENED(REPLY_LOST);
		drop(&c->from, m);
	}
	/* The kernel goes on sending what it was given, up to there. */
	TAILQ_FOREACH(m, &c->to, link) {
		m->ask = NULL;
		if (m->kind == ASK && m->what == ASK_PUT && !m->data)
			break;
	}
	for (; m; m = next) {
		next = TAILQ_NEXT(m, link);
		HAPPENED(NEVER_SENT);
		drop(&c->to, m);
	}
}

void net_went_down(struct conn *c)
{
	TRACE("link %u went down", c->link_no);
	HAPPENED(WENT_DOWN);
	just_ended[c->link_no] = true;
	scribble(c);
	leave(c);
	core_link_down(&core, c->link_no, now);
}

static void arrive_end(unsigned i)
{
	conn[i].events--;
	if (conn[i].ours)
		net_went_down(&conn[i]);
}

void net_break(struct conn *c)
{
	if (c->cut)
		return;
	c->cut = true;
	c->events++;
	event_at(now + (int64_t)dice((uint64_t)config.delay + 1), arrive_end, net_number(c));
}

void net_end(struct conn *c)
{
	c->theirs = false;
	c->deaf = false;
	net_break(c);
}

void net_remember(unsigned link_no)
{
	for (unsigned i = 0; i < conns; i++)
		if (conn[i].at == link_no)
			conn[i].deaf = false;
}

/* Whoever says nothing for so long is asked by the kernel, and does not answer. */
static void keep_alive(struct conn *c)
{
	c->events++;
	event_at(now + KEEPALIVE_MS, arrive_end, net_number(c));
}

void net_end_all(unsigned link_no, bool silently)
{
	for (unsigned i = 0; i < conns; i++) {
		if (conn[i].at != link_no || !conn[i].theirs)
			continue;
		if (silently) {
			conn[i].theirs = false;
			conn[i].deaf = true;
			keep_alive(&conn[i]);
		} else {
			net_end(&conn[i]);
		}
	}
}

void net_fence(unsigned link_no)
{
	for (unsigned i = 0; i < conns; i++)
		if (conn[i].at == link_no && conn[i].theirs && conn[i].epoch)
			net_end(&conn[i]);
}

/* ---- the lender hears */

static void capture(struct message *m)
{
	if (m->kind != ASK || m->what != ASK_PUT || m->data)
		return;
	m->data = malloc(m->pages * PAGE_BYTES);
	if (!m->data)
		fail("the simulator has no memory");
	memcpy(m->data, m->ask->data, m->pages * PAGE_BYTES);
}

/* What was asked for at the same time may be done in any order; not where one that waits for
 * the next would be too late. */
static struct message *next_of(struct conn *c, struct message *m)
{
	struct message *second = TAILQ_NEXT(m, link);

	if (c->epoch && second && lender[c->at].late_until <= now && chance(3)) {
		HAPPENED(REORDERED);
		m = second;
	}
	if (c->ours) {
		capture(TAILQ_FIRST(&c->to));
		capture(m);
	}
	return m;
}

static void arrive_to(unsigned i)
{
	struct conn *c = &conn[i];
	struct lender *l = &lender[c->at];
	struct message *m = TAILQ_FIRST(&c->to);
	int64_t until = l->to_until > l->frozen_until ? l->to_until : l->frozen_until;

	c->events--;
	if (!m)
		return;
	if (c->held_until > until)
		until = c->held_until;
	if (until > now) {
		c->events++;
		event_at(until + (int64_t)dice(30), arrive_to, i);
		return;
	}
	m = next_of(c, m);
	TAILQ_REMOVE(&c->to, m, link);
	lender_takes(c, m);
	free(m->data);
	free(m);
}

void net_push(struct conn *c, struct message *m)
{
	TAILQ_INSERT_TAIL(&c->to, m, link);
	c->events++;
	event_at(now + lender_delay(c->at, m->kind), arrive_to, net_number(c));
}

/* ---- what the core commands */

void net_connect(unsigned link_no)
{
	if (line[link_no])
		fail("link %u is opened, but it is open", link_no);
	if (lender[link_no].gone)
		fail("link %u is opened: its pool was another's", link_no);
	just_ended[link_no] = false;
	HAPPENED(CONNECT);
	TRACE("link %u is opened", link_no);
	if (lender[lender[link_no].leads_to].state == DEAD && chance(2)) {
		core_link_down(&core, link_no, now);
		return;
	}
	line[link_no] = conn_new(link_no);
	net_push(line[link_no], net_message(HELLO, NULL));
}

void net_close(unsigned link_no)
{
	struct conn *c = line[link_no];

	if (!c && (just_ended[link_no] || core.peer[link_no].state == PEER_RETIRED))
		return;
	if (!c)
		fail("link %u is closed, but it is not open", link_no);
	HAPPENED(CLOSE);
	TRACE("link %u is closed", link_no);
	leave(c);
	if (chance(2))
		drop_all(&c->to);
}

void net_send(struct ask *a)
{
	struct conn *c = line[a->link_no];
	struct message *m;

	if (!line_up[a->link_no])
		fail("link %u is asked for something, but it is not up", a->link_no);
	if (lender[a->link_no].gone)
		fail("link %u is asked for something: its pool was another's", a->link_no);
	if (!a->pages || a->page >= c->told || a->pages > c->told - a->page)
		fail("link %u is asked for pages %llu+%u of %llu", a->link_no,
		     (unsigned long long)a->page, a->pages,
		     (unsigned long long)c->told);
	if (c->cut && chance(2)) { /* sending finds out */
		net_went_down(c);
		return;
	}
	m = net_message(ASK, a);
	m->what = a->kind;
	m->page = a->page;
	m->pages = a->pages;
	if (chance(2))
		capture(m);
	net_push(c, m);
}
