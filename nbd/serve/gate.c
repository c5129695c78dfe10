/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate.h"

#include <time.h>

#include "clock.h"

/* Those that had to go are looked for as often. */
#define LOOK_SECONDS .1

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

bool gate_before(const struct conn *c)
{
	return c->state == CONN_HANDSHAKE && !c->client->identity &&
	       (c->stream.tls || c->handshake.state == HANDSHAKE_TLS);
}

/* The last words in the open are sent, and the first within TLS are there. */
static int begin_tls(struct conn *c)
{
	if (c->stream.tls)
		return 0;
	if (stream_secure(&c->stream, c->loop->shared->tls, &c->loop->room) < 0)
		return -1;
	handshake_secured(&c->handshake);
	return 0;
}

ssize_t gate_recv(struct conn *c, uint8_t *to, size_t max)
{
	uint64_t before = cpu_ns();
	ssize_t n = begin_tls(c);

	if (n == 0)
		n = stream_recv(&c->stream, &c->loop->room, to, max);
	limits_tls_took(c->slot, clock_ns(), cpu_ns() - before);
	return n;
}

static void arm(struct loop *loop, uint64_t wait_ns)
{
	ev_tstamp seconds = (ev_tstamp)wait_ns / 1e9;

	if (TAILQ_EMPTY(&loop->at_gate))
		return;
	ev_timer_stop(loop->ev, &loop->gate);
	ev_timer_set(&loop->gate, seconds < LOOK_SECONDS ? seconds : LOOK_SECONDS, 0.);
	ev_timer_start(loop->ev, &loop->gate);
}

/* Which one is next; those that had to go are removed. */
static struct conn *next(struct loop *loop, uint64_t now)
{
	struct conn *c, *after, *best = NULL;
	uint64_t least = 0;

	for (c = TAILQ_FIRST(&loop->at_gate); c; c = after) {
		after = TAILQ_NEXT(c, at_gate);
		if (c->slot->state == SLOT_OUT) {
			conn_free(c);
			continue;
		}
		uint64_t cost = limits_tls_cost(c->slot, now);
		if (!best || cost < least) {
			best = c;
			least = cost;
		}
	}
	return best;
}

static void on_timer(struct ev_loop *ev, ev_timer *w, int events)
{
	struct loop *loop = w->data;
	uint64_t now = clock_ns(), wait = 0;
	struct conn *c = next(loop, now);

	(void)ev, (void)events;
	if (c && (wait = limits_tls_wait(c->slot, now)) == 0) {
		conn_leave_gate(c);
		loop->pass(c);
	}
	arm(loop, wait);
}

void gate_open(struct loop *loop, void (*pass)(struct conn *))
{
	loop->pass = pass;
	ev_timer_init(&loop->gate, on_timer, 0., 0.);
	loop->gate.data = loop;
}

void gate_close(struct loop *loop)
{
	ev_timer_stop(loop->ev, &loop->gate);
}

void gate_wait(struct conn *c)
{
	conn_pause(c, PAUSE_GATE, true);
	TAILQ_INSERT_TAIL(&c->loop->at_gate, c, at_gate);
	if (!ev_is_active(&c->loop->gate))
		arm(c->loop, 0);
}
