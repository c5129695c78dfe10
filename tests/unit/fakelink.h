/* SPDX-License-Identifier: BSD-2-Clause */
/* A link of dice: it answers late, in any order, some of what it was asked; it
 * breaks, and comes up again, with its memory or without. Its descriptor is a
 * timer, a new one for each connection. All under the engine's lock. */
#ifndef FARPAGE_FAKELINK_H
#define FARPAGE_FAKELINK_H

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "link.h"

#define FAKE_PAGES 128u
#define ASKED_MAX  256u

struct fake {
	struct link link;
	/* How it behaves: one in so many times, 0: never. */
	unsigned breaks, stays_away, forgets, hangs, at_once;
	uint64_t pages;

	int timer;                    /* -1: closed */
	bool up, hanging;
	bool asleep;                  /* nothing sent is on its way: it waits for send_queued() */
	bool silent;                  /* opening it does not end */
	bool cut;                     /* it breaks in send_queued(), once */
	unsigned memory;              /* which one this is */
	uint64_t seed;
	struct ask *asked[ASKED_MAX]; /* not answered yet */
	unsigned n;
	uint8_t page[FAKE_PAGES][PAGE_BYTES];
	unsigned connects, closes, answers, gets, broke; /* how often */
};

static inline struct fake *fake_of(struct link *l)
{
	return (struct fake *)l;
}

static inline bool one_in(struct fake *f, unsigned n)
{
	return n && dice_below(&f->seed, n) == 0;
}

/* What cannot go on in a thread of the test's: there is no assertion there. */
static inline void must(bool so, const char *what)
{
	if (!so) {
		fprintf(stderr, "%s\n", what);
		abort();
	}
}

/* 0: never. */
static inline void fake_alarm(struct fake *f, unsigned us)
{
	const struct itimerspec in = { .it_value.tv_nsec = 1000 * (long)us };

	must(timerfd_settime(f->timer, 0, &in, NULL) == 0, "timerfd_settime");
}

static inline void fake_carry_out(struct fake *f, const struct ask *ask)
{
	must(ask->page + ask->pages <= FAKE_PAGES, "asked beyond the end");
	for (uint32_t i = 0; i < ask->pages; i++) {
		uint8_t *page = f->page[ask->page + i], *data = ask->data + i * PAGE_BYTES;

		switch (ask->kind) {
		case ASK_PUT: memcpy(page, data, PAGE_BYTES); break;
		case ASK_GET: memcpy(data, page, PAGE_BYTES); break;
		case ASK_DISCARD: memset(page, 0, PAGE_BYTES); break;
		}
	}
}

/* What it was asked and has not answered may have been done all the same. */
static inline void fake_drop(struct fake *f)
{
	while (f->n) {
		const struct ask *ask = f->asked[--f->n];

		if (ask->kind != ASK_GET && one_in(f, 2))
			fake_carry_out(f, ask);
	}
	must(f->timer >= 0, "closed, but it was not open");
	fake_alarm(f, 0); /* who still polls it is never woken by it */
	close(f->timer);
	f->timer = -1;
	f->up = f->hanging = false;
}

static inline void fake_break(struct fake *f)
{
	f->broke++;
	fake_drop(f);
	f->link.upcalls->down(&f->link, "broken by dice");
}

static inline void fake_come_up(struct fake *f)
{
	char identity[32];

	if (one_in(f, f->forgets)) {
		f->memory++;
		memset(f->page, 0, sizeof f->page);
	}
	f->up = f->asleep = true;
	snprintf(identity, sizeof identity, "memory%u.%u %u", f->link.number, f->memory, f->memory);
	f->link.upcalls->up(&f->link, identity, f->pages);
}

static inline void fake_connect(struct link *l)
{
	struct fake *f = fake_of(l);

	must(f->timer < 0, "opened, but it was open");
	f->connects++;
	f->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	must(f->timer >= 0, "timerfd_create");
	if (one_in(f, f->at_once))
		fake_come_up(f);
	else if (!f->silent)
		fake_alarm(f, 1 + (unsigned)dice_below(&f->seed, 300));
}

static inline void fake_close(struct link *l)
{
	fake_of(l)->closes++;
	fake_drop(fake_of(l));
}

static inline void fake_answer(struct fake *f, unsigned which)
{
	struct ask *ask = f->asked[which];

	f->asked[which] = f->asked[--f->n];
	f->answers++;
	f->gets += ask->kind == ASK_GET;
	fake_carry_out(f, ask);
	f->link.upcalls->reply(&f->link, ask, 0);
}

static inline void fake_send(struct link *l, struct ask *ask)
{
	struct fake *f = fake_of(l);

	must(f->up, "sent, but it is not up");
	must(f->n < ASKED_MAX, "asked too much");
	/* A get that nobody waits for any more may be late. */
	for (unsigned i = 0; i < f->n; i++)
		must(f->asked[i]->kind == ASK_GET || ask->kind == ASK_GET ||
		     f->asked[i]->page >= ask->page + ask->pages ||
		     ask->page >= f->asked[i]->page + f->asked[i]->pages,
		     "asked twice to write one page");
	f->asked[f->n++] = ask;
	if (one_in(f, f->breaks * 4))
		fake_break(f);
	else if (!f->hanging && one_in(f, f->at_once))
		fake_answer(f, f->n - 1);
}

static inline void fake_send_queued(struct link *l)
{
	struct fake *f = fake_of(l);

	if (!f->up || !f->asleep || !f->n)
		return;
	if (f->cut) {
		f->cut = false;
		fake_break(f);
		return;
	}
	f->asleep = false;
	fake_alarm(f, 1 + (unsigned)dice_below(&f->seed, 50));
}

/* A timer is never writable: POLLOUT says only that FLUSH is waited for. */
static inline struct pollfd fake_interest(struct link *l)
{
	struct fake *f = fake_of(l);
	bool waits = f->up && f->asleep && f->n;

	return (struct pollfd){ .fd = f->timer, .events = waits ? POLLIN | POLLOUT : POLLIN };
}

static inline void fake_notify(struct link *l, short revents)
{
	struct fake *f = fake_of(l);
	uint64_t count;

	if (!(revents & POLLIN) || read(f->timer, &count, sizeof count) < 0)
		return;
	if (!f->up) {
		if (one_in(f, f->stays_away))
			fake_break(f);
		else
			fake_come_up(f);
		return;
	}
	f->hanging |= one_in(f, f->hangs);
	if (f->hanging)
		return;
	for (uint64_t turns = 1 + dice_below(&f->seed, 4); f->n && turns; turns--)
		fake_answer(f, (unsigned)dice_below(&f->seed, f->n));
	if (one_in(f, f->breaks))
		fake_break(f);
	else if (f->n)
		fake_alarm(f, 1 + (unsigned)dice_below(&f->seed, 50));
	f->asleep = !f->n;
}

static inline bool fake_free(struct link *l)
{
	struct fake *f = fake_of(l);

	if (f->timer >= 0)
		close(f->timer);
	free(f);
	return true;
}

static inline struct fake *fake_link(uint64_t seed)
{
	static const struct link_ops ops = { fake_connect, fake_close, fake_send, fake_send_queued,
	                                     fake_interest, fake_notify, fake_free };
	struct fake *f = calloc(1, sizeof *f);

	assert_non_null(f);
	f->link.ops = &ops;
	f->pages = FAKE_PAGES;
	f->timer = -1;
	f->seed = seed;
	return f;
}

#endif
