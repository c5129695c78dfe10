/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#include "clock.h"

#define POLL_MAX_MS 60000
/* From so many waiting threads on, requests leave when the leader runs, together. */
#define CROWD       4u

/* What to poll for on every link, and how many. */
nfds_t engine_interests(const struct engine *e, struct pollfd *p)
{
	for (unsigned link_no = 0; link_no < e->links; link_no++)
		p[link_no] = e->link[link_no]->ops->interest(e->link[link_no]);
	return e->links;
}

/* P is of N links; there may be more by now. */
void engine_notify(struct engine *e, const struct pollfd *p, nfds_t n)
{
	for (unsigned link_no = 0; link_no < n; link_no++) {
		struct link *link = e->link[link_no];

		/* It may have been closed and opened anew meanwhile. */
		if (p[link_no].revents && p[link_no].fd == link->ops->interest(link).fd)
			link->ops->notify(link, p[link_no].revents);
	}
}

/* The leader polls for the wrong thing, or for too long. */
static void nudge(struct engine *e)
{
	if (!e->polling || e->nudged)
		return;
	e->nudged = true;
	eventfd_write(e->wake, 1);
}

/* There is something to do for W. */
void engine_tell(struct engine *e, struct waiter *w)
{
	if (w == e->leader)
		nudge(e);
	if (w == &e->background.waiter) {
		if (e->loop.on)
			loop_tell(e);
		else
			pthread_cond_signal(&e->background.work);
		return;
	}
	if (!w->asleep)
		return;
	w->asleep = false;
	e->asleep--;
	w->given = w->to_check;
	w->to_check = NULL;
	w->finished = !w->pending;
	TAILQ_REMOVE(&e->waiters, w, link);
	TAILQ_INSERT_TAIL(&e->woken, w, link);
}

/* Nobody is woken only to wait for the lock. */
void engine_unlock(struct engine *e)
{
	struct waiter_list woken = TAILQ_HEAD_INITIALIZER(woken);
	struct waiter *w;

	TAILQ_CONCAT(&woken, &e->woken, link);
	pthread_mutex_unlock(&e->lock);
	while ((w = TAILQ_FIRST(&woken))) {
		TAILQ_REMOVE(&woken, w, link);
		sem_post(&w->wake); /* W is gone from here on */
	}
}

static void come(struct engine *e, struct op *op)
{
	struct waiter *w = op->waiter;

	op->check_next = w->to_check;
	w->to_check = op;
	engine_tell(e, w);
}

static void done(struct engine *e, struct op *op)
{
	struct waiter *w = op->waiter;

	op->next = w->done;
	w->done = op;
	if (--w->pending == 0 || w == &e->background.waiter)
		engine_tell(e, w);
}

static void send_queued(struct engine *e)
{
	for (unsigned link_no = 0; link_no < e->links; link_no++)
		e->link[link_no]->ops->send_queued(e->link[link_no]);
}

/* What the leader polls for, and until when, was decided before we turned the wheel. */
static bool polls_for_all(const struct engine *e)
{
	struct pollfd p[LINKS_MAX];

	engine_interests(e, p);
	for (unsigned link_no = 0; link_no < e->links; link_no++)
		if (e->polled[link_no].fd != p[link_no].fd || e->polled[link_no].events != p[link_no].events)
			return false;
	return true;
}

/* While the leader is in poll(): a few threads send for themselves, which is the shortest
 * way. Of many, the first to come wakes the leader, who sends what all have put in
 * line by the time it runs. */
static void send_or_nudge(struct engine *e)
{
	if (e->asleep < CROWD)
		send_queued(e);
	if (polls_for_all(e) && core_wake_at(&e->core, false) >= e->polled_until)
		return;
	nudge(e);
}

/* The new descriptor may have the old one's number, and still nobody polls it. */
static void open_link(struct engine *e, unsigned link_no)
{
	e->link[link_no]->ops->connect(e->link[link_no]);
	loop_forget(e, link_no);
	nudge(e);
}

static void close_link(struct engine *e, unsigned link_no)
{
	e->link[link_no]->ops->close(e->link[link_no]);
	loop_forget(e, link_no);
	snprintf(e->opening[link_no].words, WORDS_MAX, "it did not answer in time");
}

/* False: there was nothing to do. Only to open and to close a link takes time. */
static bool obey(struct engine *e)
{
	struct command c;
	bool any = false;
	uint64_t us = clock_us();

	for (; core_next(&e->core, &c, (int64_t)(us / 1000)); any = true) {
		switch (c.kind) {
		case COMMAND_CONNECT: open_link(e, c.link_no); us = clock_us(); break;
		case COMMAND_CLOSE: close_link(e, c.link_no); us = clock_us(); break;
		case COMMAND_SEND:
			c.ask->sent_us = us;
			e->link[c.link_no]->ops->send(e->link[c.link_no], c.ask);
			break;
		case COMMAND_CHECK: come(e, c.op); break;
		case COMMAND_DONE: done(e, c.op); break;
		}
	}
	return any;
}

bool engine_wants_block(const struct engine *e)
{
	return map_wants(&e->map) && clock_ms() >= e->background.make_at;
}

void engine_carry_out(struct engine *e)
{
	obey(e);
	if (engine_wants_block(e) && e->background.running)
		engine_tell(e, &e->background.waiter);
	if (e->polling && !e->nudged) /* otherwise the leader sends, before it polls */
		send_or_nudge(e);
}

void engine_send(struct engine *e)
{
	do
		send_queued(e);
	while (obey(e)); /* a link may break on that, and others are asked then */
}

/* One more: a millisecond that has begun is not over. */
static int timeout(int64_t until)
{
	int64_t left = until - clock_ms();

	return left < 0 ? 0 : left > POLL_MAX_MS ? POLL_MAX_MS : (int)left + 1;
}

/* One poll, with the lock let go meanwhile, and what follows from it. */
void engine_poll(struct engine *e, int64_t until)
{
	struct pollfd p[LINKS_MAX + 1];
	nfds_t links;
	int n, ms = timeout(until);
	eventfd_t count;

	links = engine_interests(e, p);
	p[links] = (struct pollfd){ .fd = e->wake, .events = POLLIN };
	memcpy(e->polled, p, links * sizeof *p);
	e->polled_until = until;
	e->polling = true;
	engine_unlock(e);
	n = poll(p, links + 1, ms);
	pthread_mutex_lock(&e->lock);
	e->polling = e->nudged = false;
	if (n > 0 && p[links].revents)
		eventfd_read(e->wake, &count);
	if (n > 0)
		engine_notify(e, p, links);
	core_tick(&e->core, clock_ms());
	engine_carry_out(e);
}

/* The newest waiter is the one who will be waiting longest; if nobody waits, what is under way
 * for nobody goes on in the background. */
void engine_hand_over(struct engine *e)
{
	struct waiter *next = TAILQ_LAST(&e->waiters, waiter_list);

	e->leader = next;
	if (next) {
		engine_tell(e, next);
		return;
	}
	engine_send(e);
	if (core_busy(&e->core) || e->loop.on)
		engine_tell(e, &e->background.waiter);
}

void engine_check(struct engine *e, struct op *ops)
{
	struct op *op, *next;
	int64_t now;

	for (op = ops; op; op = op->check_next)
		op->bad = e->check(e, op);
	pthread_mutex_lock(&e->lock);
	now = clock_ms();
	for (op = ops; op; op = next) {
		next = op->check_next;
		core_checked(&e->core, op, op->bad, now);
	}
	engine_carry_out(e);
}

/* Check what came for W. */
static void check(struct engine *e, struct waiter *w)
{
	struct op *ops = w->to_check;

	w->to_check = NULL;
	engine_unlock(e);
	engine_check(e, ops);
}

/* True: all is done, and the lock is not held any more. */
static bool sleep_on(struct engine *e, struct waiter *w)
{
	w->asleep = true;
	e->asleep++;
	w->given = NULL;
	TAILQ_INSERT_TAIL(&e->waiters, w, link);
	engine_unlock(e);
	while (sem_wait(&w->wake) < 0)
		;
	if (w->finished)
		return true;
	if (w->given)
		engine_check(e, w->given);
	else
		pthread_mutex_lock(&e->lock);
	return false;
}

static void lead(struct engine *e, struct waiter *w)
{
	e->leader = w;
	for (engine_send(e); w->pending && !w->to_check; engine_send(e))
		engine_poll(e, core_wake_at(&e->core, false));
	engine_hand_over(e);
}

/* Until nothing of W is pending; lets the lock go. */
static void wait(struct engine *e, struct waiter *w)
{
	while (w->pending) {
		if (w->to_check && e->leader != w)
			check(e, w);
		else if (!e->leader || e->leader == w)
			lead(e, w);
		else if (sleep_on(e, w))
			return;
	}
	if (e->leader == w)
		engine_hand_over(e); /* done by another just when it was to lead */
	engine_unlock(e);
}

void engine_run(struct engine *e, struct op *ops)
{
	struct waiter w = {0};

	sem_init(&w.wake, 0, 0);
	pthread_mutex_lock(&e->lock);
	if (engine_do_start(e))
		core_give(&e->core, NULL, clock_ms());
	for (struct op *op = ops; op; op = op->next) {
		op->waiter = &w;
		w.pending++;
		core_start(&e->core, op, clock_ms());
	}
	engine_carry_out(e);
	wait(e, &w);
	sem_destroy(&w.wake);
}
