/* SPDX-License-Identifier: BSD-2-Clause */
#include "drive.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#include "clock.h"

#define POLL_MAX_MS 60000
/* From so many waiting threads on, requests leave when the leader runs, together. */
#define CROWD       4u

/* What to poll for on every link, and how many. */
nfds_t drive_interests(const struct drive *d, struct pollfd *p)
{
	for (unsigned on = 0; on < d->links; on++)
		p[on] = d->link[on]->ops->interest(d->link[on]);
	return d->links;
}

/* P is of N links; there may be more by now. */
void drive_notify(struct drive *d, const struct pollfd *p, nfds_t n)
{
	for (unsigned on = 0; on < n; on++) {
		struct link *link = d->link[on];

		/* It may have been closed and opened anew meanwhile. */
		if (p[on].revents && p[on].fd == link->ops->interest(link).fd)
			link->ops->notify(link, p[on].revents);
	}
}

/* The leader polls for the wrong thing, or for too long. */
static void nudge(struct drive *d)
{
	if (!d->polling || d->nudged)
		return;
	d->nudged = true;
	eventfd_write(d->wake, 1);
}

/* There is something to do for W. */
void drive_tell(struct drive *d, struct waiter *w)
{
	if (w == d->leader)
		nudge(d);
	if (w == &d->background.waiter) {
		pthread_cond_signal(&d->background.work);
		return;
	}
	if (!w->asleep)
		return;
	w->asleep = false;
	d->asleep--;
	w->given = w->to_check;
	w->to_check = NULL;
	w->finished = !w->pending;
	TAILQ_REMOVE(&d->waiters, w, link);
	TAILQ_INSERT_TAIL(&d->woken, w, link);
}

/* Nobody is woken only to wait for the lock. */
void drive_unlock(struct drive *d)
{
	struct waiter_list woken = TAILQ_HEAD_INITIALIZER(woken);
	struct waiter *w;

	TAILQ_CONCAT(&woken, &d->woken, link);
	pthread_mutex_unlock(&d->lock);
	while ((w = TAILQ_FIRST(&woken))) {
		TAILQ_REMOVE(&woken, w, link);
		sem_post(&w->wake); /* W is gone from here on */
	}
}

static void come(struct drive *d, struct op *op)
{
	struct waiter *w = op->waiter;

	op->check_next = w->to_check;
	w->to_check = op;
	drive_tell(d, w);
}

static void done(struct drive *d, struct op *op)
{
	struct waiter *w = op->waiter;

	if (--w->pending == 0)
		drive_tell(d, w);
}

static void flush(struct drive *d)
{
	for (unsigned on = 0; on < d->links; on++)
		d->link[on]->ops->flush(d->link[on]);
}

/* What the leader polls for, and until when, was decided before we turned the wheel. */
static bool polls_for_all(const struct drive *d)
{
	struct pollfd p[LINKS_MAX];

	drive_interests(d, p);
	for (unsigned on = 0; on < d->links; on++)
		if (d->polled[on].fd != p[on].fd || d->polled[on].events != p[on].events)
			return false;
	return true;
}

/* While the leader is in poll(): a few threads send for themselves, which is the shortest
 * way. Of many, the first to come wakes the leader, who sends what all have put in
 * line by the time it runs. */
static void flush_or_nudge(struct drive *d)
{
	if (d->asleep < CROWD)
		flush(d);
	if (polls_for_all(d) && core_wake_at(&d->core, false) >= d->polled_until)
		return;
	nudge(d);
}

/* The new descriptor may have the old one's number, and still nobody polls it. */
static void open_link(struct drive *d, unsigned on)
{
	d->link[on]->ops->connect(d->link[on]);
	nudge(d);
}

static void close_link(struct drive *d, unsigned on)
{
	d->link[on]->ops->close(d->link[on]);
	snprintf(d->opening[on].words, WORDS_MAX, "it did not answer in time");
}

/* False: there was nothing to do. */
static bool obey(struct drive *d)
{
	struct command c;
	bool any = false;

	for (; core_next(&d->core, &c, clock_ms()); any = true) {
		switch (c.kind) {
		case COMMAND_CONNECT: open_link(d, c.on); break;
		case COMMAND_CLOSE: close_link(d, c.on); break;
		case COMMAND_SEND:
			c.ask->sent_us = clock_us();
			d->link[c.on]->ops->send(d->link[c.on], c.ask);
			break;
		case COMMAND_CHECK: come(d, c.op); break;
		case COMMAND_DONE: done(d, c.op); break;
		}
	}
	return any;
}

bool drive_wants_chunk(const struct drive *d)
{
	return map_wants(&d->map) && clock_ms() >= d->background.make_at;
}

void drive_carry_out(struct drive *d)
{
	obey(d);
	if (drive_wants_chunk(d) && d->background.running)
		drive_tell(d, &d->background.waiter);
	if (d->polling && !d->nudged) /* otherwise the leader flushes, before it polls */
		flush_or_nudge(d);
}

void drive_flush(struct drive *d)
{
	do
		flush(d);
	while (obey(d)); /* a link may break on being flushed, and others are asked then */
}

/* One more: a millisecond that has begun is not over. */
static int timeout(int64_t until)
{
	int64_t left = until - clock_ms();

	return left < 0 ? 0 : left > POLL_MAX_MS ? POLL_MAX_MS : (int)left + 1;
}

/* One poll, with the lock let go meanwhile, and what follows from it. */
void drive_poll(struct drive *d, int64_t until)
{
	struct pollfd p[LINKS_MAX + 1];
	nfds_t links;
	int n, ms = timeout(until);
	eventfd_t count;

	links = drive_interests(d, p);
	p[links] = (struct pollfd){ .fd = d->wake, .events = POLLIN };
	memcpy(d->polled, p, links * sizeof *p);
	d->polled_until = until;
	d->polling = true;
	drive_unlock(d);
	n = poll(p, links + 1, ms);
	pthread_mutex_lock(&d->lock);
	d->polling = d->nudged = false;
	if (n > 0 && p[links].revents)
		eventfd_read(d->wake, &count);
	if (n > 0)
		drive_notify(d, p, links);
	core_tick(&d->core, clock_ms());
	drive_carry_out(d);
}

/* The newest waiter is the one who will be waiting longest; if nobody waits, what is under way
 * for nobody goes on in the background. */
void drive_hand_over(struct drive *d)
{
	struct waiter *next = TAILQ_LAST(&d->waiters, waiter_list);

	d->leader = next;
	if (next) {
		drive_tell(d, next);
		return;
	}
	drive_flush(d);
	if (core_busy(&d->core))
		drive_tell(d, &d->background.waiter);
}

void drive_check(struct drive *d, struct op *ops)
{
	struct op *op, *next;

	for (op = ops; op; op = op->check_next)
		op->bad = d->check(d, op);
	pthread_mutex_lock(&d->lock);
	for (op = ops; op; op = next) {
		next = op->check_next;
		core_checked(&d->core, op, op->bad, clock_ms());
	}
	drive_carry_out(d);
}

/* Check what came for W. */
static void check(struct drive *d, struct waiter *w)
{
	struct op *ops = w->to_check;

	w->to_check = NULL;
	drive_unlock(d);
	drive_check(d, ops);
}

/* True: all is done, and the lock is not held any more. */
static bool sleep_on(struct drive *d, struct waiter *w)
{
	w->asleep = true;
	d->asleep++;
	w->given = NULL;
	TAILQ_INSERT_TAIL(&d->waiters, w, link);
	drive_unlock(d);
	while (sem_wait(&w->wake) < 0)
		;
	if (w->finished)
		return true;
	if (w->given)
		drive_check(d, w->given);
	else
		pthread_mutex_lock(&d->lock);
	return false;
}

static void lead(struct drive *d, struct waiter *w)
{
	d->leader = w;
	for (drive_flush(d); w->pending && !w->to_check; drive_flush(d))
		drive_poll(d, core_wake_at(&d->core, false));
	drive_hand_over(d);
}

/* Until nothing of W is pending; lets the lock go. */
static void wait(struct drive *d, struct waiter *w)
{
	while (w->pending) {
		if (w->to_check && d->leader != w)
			check(d, w);
		else if (!d->leader || d->leader == w)
			lead(d, w);
		else if (sleep_on(d, w))
			return;
	}
	if (d->leader == w)
		drive_hand_over(d); /* done by another just when it was to lead */
	drive_unlock(d);
}

void drive_run(struct drive *d, struct op *ops)
{
	struct waiter w = {0};

	sem_init(&w.wake, 0, 0);
	pthread_mutex_lock(&d->lock);
	if (drive_do_start(d))
		core_give(&d->core, NULL, clock_ms());
	for (struct op *op = ops; op; op = op->next) {
		op->waiter = &w;
		w.pending++;
		core_start(&d->core, op, clock_ms());
	}
	drive_carry_out(d);
	wait(d, &w);
	sem_destroy(&w.wake);
}
