/* SPDX-License-Identifier: BSD-2-Clause */
/* A drive's beginning and end, and what links tell it. */
#include "drive.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"

static const char same_pool[] = "its pool is also that of another lender";
static const char same_lender[] = "its pool is of the same farpaged as that of another lender";

/* Before there is a core, the first who came has the pool, too. */
static const char *meets_first(struct drive *d, unsigned on, const char *identity)
{
	snprintf(d->opening[on].identity, IDENTITY_MAX, "%s", identity);
	for (unsigned other = 0; other < d->links; other++) {
		const char *its = d->opening[other].identity;

		if (other != on && identity_same_pool(its, identity))
			return same_pool;
		if (other != on && d->apart && identity_same_lender(its, identity))
			return same_lender;
	}
	return NULL;
}

static const char *on_meets(struct link *link, const char *identity)
{
	struct drive *d = link->owner;

	if (!d->begun)
		return meets_first(d, link->number, identity);
	if (core_link_meets(&d->core, link->number, identity))
		return NULL;
	return d->core.peer[link->number].twin < 0 ? same_lender : same_pool;
}

static void on_up(struct link *link, const char *identity, uint64_t pages)
{
	struct drive *d = link->owner;
	struct opening *o = &d->opening[link->number];

	if (d->begun) {
		core_link_up(&d->core, link->number, identity, pages, clock_ms());
		return;
	}
	o->up = true;
	o->pages = pages;
	snprintf(o->identity, sizeof o->identity, "%s", identity);
}

static void on_down(struct link *link, const char *words)
{
	struct drive *d = link->owner;
	struct opening *o = &d->opening[link->number];

	words_print(o->words, "%s", words);
	if (d->begun)
		core_link_down(&d->core, link->number, clock_ms());
	else
		o->up = false, o->failed = true;
}

static void on_reply(struct link *link, struct ask *ask, int error)
{
	struct drive *d = link->owner;
	uint64_t now_us = clock_us();

	figures_count(&d->figures[link->number], ask, error, now_us - ask->sent_us);
	core_reply(&d->core, ask, error, (int64_t)(now_us / 1000));
}

static const struct link_owner upcalls = { on_meets, on_up, on_down, on_reply };

int drive_init(struct drive *d)
{
	pthread_mutex_init(&d->lock, NULL);
	clock_cond_init(&d->background.work);
	sem_init(&d->background.waiter.wake, 0, 0);
	TAILQ_INIT(&d->waiters);
	TAILQ_INIT(&d->woken);
	d->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return d->wake < 0 ? -1 : 0;
}

void drive_set(struct drive *d, unsigned on, struct link *link)
{
	link->upcalls = &upcalls;
	link->owner = d;
	link->number = on;
	d->link[on] = link;
}

void drive_add(struct drive *d, struct link *link)
{
	drive_set(d, d->links++, link);
}

static bool all_decided(const struct drive *d)
{
	for (unsigned on = 0; on < d->links; on++)
		if (!d->opening[on].up && !d->opening[on].failed)
			return false;
	return true;
}

/* When the address that is tried has had its share of the time; the last one has what is left. */
static int64_t share_ends(const struct drive *d, unsigned on, int64_t begin, int64_t end)
{
	unsigned ways = d->link[on]->ways, turn = d->opening[on].turn + 1;

	return turn < ways ? begin + turn * (end - begin) / ways : end;
}

/* One address that is mute does not keep us from the next. When the next share is over. */
static int64_t open_others(struct drive *d, int64_t begin, int64_t end)
{
	int64_t now = clock_ms(), next = end;

	for (unsigned on = 0; on < d->links; on++) {
		struct link *link = d->link[on];
		int64_t until = share_ends(d, on, begin, end);

		if (d->opening[on].up || d->opening[on].failed)
			continue;
		if (now >= until && until < end) {
			d->opening[on].turn++;
			link->ops->close(link);
			link->ops->connect(link);
			until = share_ends(d, on, begin, end);
		}
		next = until < next ? until : next;
	}
	return next;
}

void drive_open(struct drive *d, int64_t end)
{
	int64_t begin = clock_ms();
	struct pollfd p[LINKS_MAX];

	for (unsigned on = 0; on < d->links; on++)
		d->link[on]->ops->connect(d->link[on]);
	while (!all_decided(d) && clock_ms() < end) {
		int64_t left = open_others(d, begin, end) - clock_ms();
		nfds_t n = drive_interests(d, p);

		if (poll(p, n, left > 0 ? (int)left : 0) > 0)
			drive_notify(d, p, n);
	}
	for (unsigned on = 0; on < d->links; on++) {
		struct opening *o = &d->opening[on];

		if (!o->up && !o->failed) {
			d->link[on]->ops->close(d->link[on]);
			words_print(o->words, "no answer within %lld s",
			            (long long)(end - begin + 500) / 1000);
		}
	}
}

int drive_begin(struct drive *d, uint64_t pages, const struct core_options *options,
                unsigned buffers, struct seal *seal)
{
	void *chunk;

	if (buffers_open(&d->buffers, buffers, seal) < 0 || map_open(&d->map, pages) < 0 ||
	    core_open(&d->core, options, &d->map, &d->buffers) < 0)
		return -1;
	d->begun = true;
	d->begun_at = clock_ms();
	while (map_wants(&d->map)) {
		chunk = chunk_open();
		if (!chunk)
			return -1;
		map_give(&d->map, chunk);
	}
	for (unsigned on = 0; on < d->links; on++)
		if (d->opening[on].up)
			core_link_up(&d->core, on, d->opening[on].identity, d->opening[on].pages,
			             clock_ms());
	return 0;
}

/* Without it nothing is healed. */
int drive_do_start(struct drive *d)
{
	struct background *b = &d->background;
	int e;

	if (b->running)
		return 0;
	e = d->start ? d->start(d) : 0;
	if (e)
		return e;
	e = pthread_create(&b->thread, NULL, background_run, d);
	if (!e) {
		b->running = true;
		d->core.heal.waiter = &b->waiter;
	}
	return e;
}

int drive_start(struct drive *d)
{
	int e;

	pthread_mutex_lock(&d->lock);
	e = drive_do_start(d);
	pthread_mutex_unlock(&d->lock);
	errno = e;
	return e ? -1 : 0;
}

static void stop(struct drive *d)
{
	struct background *b = &d->background;

	if (!b->running)
		return;
	pthread_mutex_lock(&d->lock);
	b->stop = true;
	drive_tell(d, &b->waiter);
	pthread_mutex_unlock(&d->lock);
	pthread_join(b->thread, NULL);
	b->running = false;
	d->core.heal.waiter = NULL;
}

void drive_close(struct drive *d)
{
	bool ours = true;

	stop(d);
	for (unsigned on = 0; on < d->links; on++)
		ours = d->link[on]->ops->free(d->link[on]) && ours;
	if (d->wake >= 0)
		close(d->wake);
	core_close(&d->core);
	map_close(&d->map);
	if (ours)
		buffers_close(&d->buffers);
	pthread_cond_destroy(&d->background.work);
	pthread_mutex_destroy(&d->lock);
}

void drive_wipe(struct drive *d, bool all, int64_t timeout_ms)
{
	int64_t end = clock_ms() + timeout_ms;

	stop(d);
	pthread_mutex_lock(&d->lock);
	for (unsigned on = 0; all && on < d->links; on++)
		layout_soil(&d->core.layout, on);
	core_tick(&d->core, clock_ms());
	drive_carry_out(d);
	while (core_wiping(&d->core) && clock_ms() < end) {
		int64_t at;

		drive_flush(d);
		at = core_wake_at(&d->core, true);
		drive_poll(d, at < end ? at : end);
	}
	drive_unlock(d);
}
