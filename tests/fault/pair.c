/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fault.h"

#define QUEUE_MAX (64u << 20)
#define RECEIVE   (256u << 10)

struct pair *pairs;
unsigned long landed, refused, hung_up;

struct pair *pair_open(int borrower, int lender)
{
	struct pair *p = calloc(1, sizeof *p);

	if (!p)
		abort();
	p->fd[TO_LENDER] = lender;
	p->fd[TO_BORROWER] = borrower;
	for (int i = 0; i < 2; i++)
		p->way[i].last = &p->way[i].first;
	p->next = pairs;
	pairs = p;
	return p;
}

static void forget_first(struct way *w)
{
	struct chunk *c = w->first;

	w->first = c->next;
	w->queued -= c->len;
	if (!w->first)
		w->last = &w->first;
	free(c);
}

/* Of what was stuck and is released, nothing more is heard. */
static void hear_no_more(struct pair *p)
{
	for (struct asked *a = p->asked; a; a = a->next) {
		hung_up += a->late;
		a->late = false;
	}
}

static void close_side(struct pair *p, enum side side)
{
	if (p->fd[side] >= 0)
		close(p->fd[side]);
	p->fd[side] = -1;
	while (p->way[side].first)
		forget_first(&p->way[side]);
	p->way[!side].ended = true;
	if (side == TO_LENDER)
		hear_no_more(p);
}

void pair_free(struct pair **at)
{
	struct pair *p = *at;

	for (int i = 0; i < 2; i++) {
		close_side(p, (enum side)i);
		free(p->way[i].in);
	}
	for (struct asked *a; (a = p->asked); free(a))
		p->asked = a->next;
	*at = p->next;
	free(p);
}

void pair_say(struct pair *p, enum side side, const void *data, size_t len,
              const struct message *m)
{
	struct way *w = &p->way[side];
	bool cut = m && m->cut < len;
	struct chunk *c;

	if (p->fd[side] < 0)
		return;
	if (cut)
		len = m->cut;
	c = calloc(1, sizeof *c + len);
	if (!c)
		abort();
	memcpy(c->data, data, len);
	c->len = len;
	c->cut = cut;
	c->held = m && m->stuck;
	if (m && m->late_ms)
		w->last_due = now_ms() + m->late_ms;
	c->due = w->last_due;
	w->queued += len;
	*w->last = c;
	w->last = &c->next;
}

static bool may_receive(const struct pair *p, enum side of)
{
	const struct way *w = &p->way[!of];

	return !w->ended && w->queued < QUEUE_MAX && weather_holds(!of) <= now_ms();
}

static bool may_send(const struct pair *p, enum side to)
{
	const struct chunk *c = p->way[to].first;

	return c && !c->held && c->due <= now_ms() && weather_holds(to) <= now_ms();
}

short pair_wants(struct pair *p, enum side of, int64_t *wake)
{
	const struct chunk *c = p->way[of].first;
	int64_t holds = weather_holds(of);

	if (p->fd[of] < 0)
		return 0;
	if (p->mute)
		return POLLRDHUP;
	if (c && c->due > now_ms() && c->due < *wake)
		*wake = c->due;
	if (holds > now_ms() && holds < *wake)
		*wake = holds;
	return (short)((may_receive(p, of) ? POLLIN : 0) | (may_send(p, of) ? POLLOUT : 0));
}

static void receive(struct pair *p, enum side of)
{
	struct way *w = &p->way[!of];
	ssize_t n;

	if (w->in_room < w->in_len + RECEIVE) {
		w->in_room = 2 * w->in_room + RECEIVE;
		w->in = realloc(w->in, w->in_room);
		if (!w->in)
			abort();
	}
	n = recv(p->fd[of], w->in + w->in_len, w->in_room - w->in_len, MSG_DONTWAIT);
	if (n > 0) {
		w->in_len += (size_t)n;
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		w->ended = true;
		if (of == TO_LENDER)
			hear_no_more(p);
		if (n < 0)
			close_side(p, of);
	}
}

static void send_some(struct pair *p, enum side to)
{
	struct way *w = &p->way[to];

	while (!p->broken && p->fd[to] >= 0 && may_send(p, to)) {
		struct chunk *c = w->first;
		size_t left = c->len - c->sent;
		ssize_t n = send(p->fd[to], c->data + c->sent, weather_allows(to, left),
		                 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {
			close_side(p, to);
			return;
		}
		weather_sent(to, (size_t)n);
		c->sent += (size_t)n;
		if (c->sent < c->len)
			continue;
		p->broken |= c->cut;
		forget_first(w);
	}
}

/* Tell each that the other says no more, once it heard all. */
static void tell_ends(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		struct way *w = &p->way[i];

		if (w->ended && !w->first && !w->told) {
			w->told = true;
			if (p->fd[i] >= 0)
				shutdown(p->fd[i], SHUT_WR);
		}
	}
	p->broken |= p->way[0].told && p->way[1].told;
}

void pair_turn(struct pair *p, short revents[2])
{
	for (int i = 0; i < 2; i++) {
		if (!revents[i] || p->fd[i] < 0)
			continue;
		if (p->mute)
			close_side(p, (enum side)i);
		else if (may_receive(p, (enum side)i))
			receive(p, (enum side)i);
	}
	if (p->mute) {
		p->broken |= p->fd[0] < 0 && p->fd[1] < 0;
		return;
	}
	/* Twice: what the one says may make understood what the other said before. */
	for (int i = 0; i < 4; i++)
		p->broken |= wire_take(p, (enum side)(i & 1)) < 0;
	for (int i = 0; i < 2; i++)
		send_some(p, (enum side)i);
	tell_ends(p);
}

void pairs_drop(void)
{
	for (struct pair *p = pairs; p; p = p->next)
		p->broken = true;
}

void pairs_mute(void)
{
	for (struct pair *p = pairs; p; p = p->next)
		p->mute = true;
}

void pairs_release(void)
{
	for (struct pair *p = pairs; p; p = p->next) {
		for (struct chunk *c = p->way[TO_LENDER].first; c; c = c->next)
			c->held = false;
		for (struct asked *a = p->asked; a; a = a->next) {
			a->late = a->stuck;
			a->stuck = false;
		}
		if (p->way[TO_BORROWER].ended)
			hear_no_more(p);
	}
}

unsigned pairs_late(void)
{
	unsigned n = 0;

	for (struct pair *p = pairs; p; p = p->next)
		for (struct asked *a = p->asked; a; a = a->next)
			n += a->late;
	return n;
}
