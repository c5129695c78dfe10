/* SPDX-License-Identifier: BSD-2-Clause */
#include "drive.h"

#include <errno.h>
#include <semaphore.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* A thread in drive_run(), on its stack. */
struct waiter {
	bool done;
	bool asleep;    /* on wake, and in the drive's list */
	sem_t wake;     /* posted once: done, or to lead */
	TAILQ_ENTRY(waiter) link;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void on_up(void *owner, const char *identity, uint64_t size)
{
	struct drive *d = owner;

	if (!d->ready) {
		snprintf(d->identity, sizeof d->identity, "%s", identity);
		d->size = size;
		d->ready = true;
	} else if (size >= d->map.pages * 4096) {
		core_link_up(&d->core, identity);
	} else {
		snprintf(d->words, sizeof d->words, "the lender's pool has shrunk");
		d->link->ops->close(d->link);
		core_link_down(&d->core, now_ms());
	}
}

static void on_down(void *owner, const char *words)
{
	struct drive *d = owner;

	snprintf(d->words, sizeof d->words, "%s", words);
	if (d->ready)
		core_link_down(&d->core, now_ms());
	else
		d->failed = true;
}

static void on_reply(void *owner, struct op *op, int error)
{
	struct drive *d = owner;

	core_reply(&d->core, op, error, now_ms());
}

static const struct link_owner upcalls = { on_up, on_down, on_reply };

int drive_open(struct drive *d, struct link *link, int64_t timeout_ms)
{
	int64_t end = now_ms() + timeout_ms;

	pthread_mutex_init(&d->lock, NULL);
	TAILQ_INIT(&d->waiters);
	d->link = link;
	link->upcalls = &upcalls;
	link->owner = d;
	d->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (d->wake < 0) {
		snprintf(d->words, sizeof d->words, "eventfd: %s", strerror(errno));
		return -1;
	}
	link->ops->connect(link);
	while (!d->ready && !d->failed) {
		struct pollfd p = link->ops->interest(link);
		int64_t left = end - now_ms();

		if (left <= 0) {
			snprintf(d->words, sizeof d->words, "no answer within %lld s",
			         (long long)timeout_ms / 1000);
			return -1;
		}
		if (poll(&p, 1, (int)left) > 0)
			link->ops->notify(link, p.revents);
	}
	return d->failed ? -1 : 0;
}

int drive_begin(struct drive *d, uint64_t pages, enum page_state state,
                int64_t deadline_ms, int64_t link_timeout_ms)
{
	if (map_open(&d->map, pages) < 0)
		return -1;
	map_set(&d->map, 0, pages, state);
	core_init(&d->core, &d->map, deadline_ms, link_timeout_ms);
	core_link_up(&d->core, d->identity);
	return 0;
}

void drive_hurry(struct drive *d, int64_t deadline_ms)
{
	pthread_mutex_lock(&d->lock);
	if (deadline_ms < d->core.deadline_ms)
		d->core.deadline_ms = deadline_ms;
	pthread_mutex_unlock(&d->lock);
}

bool drive_up(struct drive *d)
{
	pthread_mutex_lock(&d->lock);
	bool up = d->core.link == LINK_UP;
	pthread_mutex_unlock(&d->lock);
	return up;
}

void drive_close(struct drive *d)
{
	if (d->link)
		d->link->ops->free(d->link);
	if (d->wake >= 0)
		close(d->wake);
	map_close(&d->map);
	pthread_mutex_destroy(&d->lock);
}

static void tell(struct drive *d, struct waiter *w)
{
	w->done = true;
	if (w->asleep) {
		w->asleep = false;
		TAILQ_REMOVE(&d->waiters, w, link);
		sem_post(&w->wake);
	}
}

static void carry_out(struct drive *d)
{
	struct command command;

	while (core_next(&d->core, &command, now_ms())) {
		switch (command.kind) {
		case COMMAND_CONNECT:
			d->link->ops->connect(d->link);
			break;
		case COMMAND_CLOSE:
			d->link->ops->close(d->link);
			break;
		case COMMAND_SEND:
			d->link->ops->send(d->link, command.op);
			break;
		case COMMAND_DONE:
			tell(d, command.op->waiter);
			break;
		}
	}
}

static int poll_timeout(const struct drive *d)
{
	int64_t left = core_wake_at(&d->core) - now_ms();

	/* One more: a millisecond that has begun is not over. */
	return left < 0 ? 0 : left > 60000 ? 60000 : (int)left + 1;
}

/* One poll, with the lock let go meanwhile. */
static void poll_once(struct drive *d)
{
	struct pollfd p[2] = { d->link->ops->interest(d->link),
	                       { .fd = d->wake, .events = POLLIN } };
	int timeout = poll_timeout(d), n;
	uint64_t count;

	d->polled = p[0];
	d->polling = true;
	pthread_mutex_unlock(&d->lock);
	n = poll(p, 2, timeout);
	pthread_mutex_lock(&d->lock);
	d->polling = false;
	if (n > 0 && p[1].revents && read(d->wake, &count, sizeof count) < 0)
		n = -1; /* somebody else's wake-up; nothing to do */
	/* The link may have been closed and opened anew meanwhile. */
	if (n > 0 && p[0].revents && p[0].fd == d->link->ops->interest(d->link).fd)
		d->link->ops->notify(d->link, p[0].revents);
	core_tick(&d->core, now_ms());
}

/* The newest waiter is the one who will be waiting longest. */
static void hand_over(struct drive *d)
{
	struct waiter *next = TAILQ_LAST(&d->waiters, waiter_list);

	d->leader = next;
	if (!next)
		return;
	next->asleep = false;
	TAILQ_REMOVE(&d->waiters, next, link);
	sem_post(&next->wake);
}

static void lead(struct drive *d, struct waiter *w)
{
	d->leader = w;
	while (!w->done) {
		poll_once(d);
		carry_out(d);
	}
	hand_over(d);
}

/* What the leader polls for was decided before we turned the wheel. */
static void nudge(struct drive *d)
{
	struct pollfd p = d->link->ops->interest(d->link);
	const uint64_t one = 1;

	if (!d->polling || (d->polled.fd == p.fd && d->polled.events == p.events))
		return;
	if (write(d->wake, &one, sizeof one) < 0)
		return; /* it is full of wake-ups already */
}

static void sleep_on(struct drive *d, struct waiter *w)
{
	w->asleep = true;
	TAILQ_INSERT_TAIL(&d->waiters, w, link);
	pthread_mutex_unlock(&d->lock);
	while (sem_wait(&w->wake) < 0)
		;
	pthread_mutex_lock(&d->lock);
}

int drive_run(struct drive *d, struct op *op)
{
	struct waiter w = {0};

	op->waiter = &w;
	sem_init(&w.wake, 0, 0);
	pthread_mutex_lock(&d->lock);
	core_start(&d->core, op, now_ms());
	carry_out(d);
	nudge(d);
	if (!w.done && d->leader)
		sleep_on(d, &w);
	if (!w.done)
		lead(d, &w);
	else if (d->leader == &w)
		/* Done by another thread just when it was to lead. */
		hand_over(d);
	pthread_mutex_unlock(&d->lock);
	sem_destroy(&w.wake);
	errno = op->error;
	return op->error ? -1 : 0;
}
