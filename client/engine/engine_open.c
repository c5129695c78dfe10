/* SPDX-License-Identifier: BSD-2-Clause */
/* An engine's beginning and end, and what links tell it. */
#include "engine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"

static const char same_pool[] = "its pool is also that of another lender";
static const char same_lender[] = "its pool is of the same farpaged as that of another lender";

/* Before there is a core, the first who came has the pool, too. */
static const char *meets_first(struct engine *e, unsigned link_no, const char *identity)
{
	snprintf(e->opening[link_no].identity, IDENTITY_MAX, "%s", identity);
	for (unsigned other = 0; other < e->links; other++) {
		const char *its = e->opening[other].identity;

		if (other != link_no && identity_same_pool(its, identity))
			return same_pool;
		if (other != link_no && e->apart && identity_same_lender(its, identity))
			return same_lender;
	}
	return NULL;
}

static const char *on_meets(struct link *link, const char *identity)
{
	struct engine *e = link->owner;

	if (!e->begun)
		return meets_first(e, link->number, identity);
	if (core_link_meets(&e->core, link->number, identity))
		return NULL;
	return e->core.peer[link->number].twin < 0 ? same_lender : same_pool;
}

static void on_up(struct link *link, const char *identity, uint64_t pages)
{
	struct engine *e = link->owner;
	struct opening *o = &e->opening[link->number];

	if (e->begun) {
		core_link_up(&e->core, link->number, identity, pages, clock_ms());
		return;
	}
	o->up = true;
	o->pages = pages;
	snprintf(o->identity, sizeof o->identity, "%s", identity);
}

static void on_down(struct link *link, const char *words)
{
	struct engine *e = link->owner;
	struct opening *o = &e->opening[link->number];

	words_print(o->words, "%s", words);
	loop_forget(e, link->number);
	if (e->begun)
		core_link_down(&e->core, link->number, clock_ms());
	else
		o->up = false, o->failed = true;
}

static void on_reply(struct link *link, struct ask *ask, int error)
{
	struct engine *e = link->owner;
	uint64_t now_us = clock_us();

	figures_count(&e->figures[link->number], ask, error, now_us - ask->sent_us);
	core_reply(&e->core, ask, error, (int64_t)(now_us / 1000));
}

static const struct link_owner upcalls = { on_meets, on_up, on_down, on_reply };

int engine_init(struct engine *e)
{
	pthread_mutex_init(&e->lock, NULL);
	clock_cond_init(&e->background.work);
	sem_init(&e->background.waiter.wake, 0, 0);
	TAILQ_INIT(&e->waiters);
	TAILQ_INIT(&e->woken);
	e->loop.epoll = e->loop.event = e->loop.timer = -1;
	e->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return e->wake < 0 ? -1 : 0;
}

void engine_set(struct engine *e, unsigned link_no, struct link *link)
{
	link->upcalls = &upcalls;
	link->owner = e;
	link->number = link_no;
	e->link[link_no] = link;
	loop_forget(e, link_no);
}

void engine_add(struct engine *e, struct link *link)
{
	engine_set(e, e->links++, link);
}

static bool all_decided(const struct engine *e)
{
	for (unsigned link_no = 0; link_no < e->links; link_no++)
		if (!e->opening[link_no].up && !e->opening[link_no].failed)
			return false;
	return true;
}

/* When the address that is tried has had its share of the time; the last one has what is left. */
static int64_t share_ends(const struct engine *e, unsigned link_no, int64_t begin, int64_t end)
{
	unsigned ways = e->link[link_no]->ways, turn = e->opening[link_no].turn + 1;

	return turn < ways ? begin + turn * (end - begin) / ways : end;
}

/* One address that is mute does not keep us from the next. When the next share is over. */
static int64_t open_others(struct engine *e, int64_t begin, int64_t end)
{
	int64_t now = clock_ms(), next = end;

	for (unsigned link_no = 0; link_no < e->links; link_no++) {
		struct link *link = e->link[link_no];
		int64_t until = share_ends(e, link_no, begin, end);

		if (e->opening[link_no].up || e->opening[link_no].failed)
			continue;
		if (now >= until && until < end) {
			e->opening[link_no].turn++;
			link->ops->close(link);
			link->ops->connect(link);
			until = share_ends(e, link_no, begin, end);
		}
		next = until < next ? until : next;
	}
	return next;
}

void engine_open(struct engine *e, int64_t end)
{
	int64_t begin = clock_ms();
	struct pollfd p[LINKS_MAX];

	for (unsigned link_no = 0; link_no < e->links; link_no++)
		e->link[link_no]->ops->connect(e->link[link_no]);
	while (!all_decided(e) && clock_ms() < end) {
		int64_t left = open_others(e, begin, end) - clock_ms();
		nfds_t n = engine_interests(e, p);

		if (poll(p, n, left > 0 ? (int)left : 0) > 0)
			engine_notify(e, p, n);
	}
	for (unsigned link_no = 0; link_no < e->links; link_no++) {
		struct opening *o = &e->opening[link_no];

		if (!o->up && !o->failed) {
			e->link[link_no]->ops->close(e->link[link_no]);
			words_print(o->words, "no answer within %lld s",
			            (long long)(end - begin + 500) / 1000);
		}
	}
}

int engine_begin(struct engine *e, uint64_t pages, const struct core_options *options,
                 unsigned buffers, struct seal *seal)
{
	void *block;

	if (buffers_open(&e->buffers, buffers, seal) < 0 || map_open(&e->map, pages) < 0 ||
	    core_open(&e->core, options, &e->map, &e->buffers) < 0)
		return -1;
	e->begun = true;
	e->begun_at = clock_ms();
	if (e->loop.on && map_fill(&e->map) < 0)
		return -1;
	while (map_wants(&e->map)) {
		block = record_block_new();
		if (!block)
			return -1;
		map_give(&e->map, block);
	}
	for (unsigned link_no = 0; link_no < e->links; link_no++)
		if (e->opening[link_no].up)
			core_link_up(&e->core, link_no, e->opening[link_no].identity, e->opening[link_no].pages,
			             clock_ms());
	return 0;
}

/* Without it nothing is healed. */
int engine_do_start(struct engine *e)
{
	struct background *b = &e->background;
	int r;

	if (b->running)
		return 0;
	r = e->start ? e->start(e) : 0;
	if (r)
		return r;
	r = e->loop.on ? 0 : pthread_create(&b->thread, NULL, background_run, e);
	if (!r) {
		b->running = true;
		e->core.heal.waiter = &b->waiter;
	}
	return r;
}

int engine_start(struct engine *e)
{
	int r;

	pthread_mutex_lock(&e->lock);
	r = engine_do_start(e);
	pthread_mutex_unlock(&e->lock);
	errno = r;
	return r ? -1 : 0;
}

static void stop(struct engine *e)
{
	struct background *b = &e->background;

	if (!b->running)
		return;
	if (!e->loop.on) {
		pthread_mutex_lock(&e->lock);
		b->stop = true;
		engine_tell(e, &b->waiter);
		pthread_mutex_unlock(&e->lock);
		pthread_join(b->thread, NULL);
	}
	b->running = false;
	e->core.heal.waiter = NULL;
}

void engine_close(struct engine *e)
{
	bool ours = true;

	stop(e);
	for (unsigned link_no = 0; link_no < e->links; link_no++)
		ours = e->link[link_no]->ops->free(e->link[link_no]) && ours;
	if (e->wake >= 0)
		close(e->wake);
	loop_close(e);
	core_close(&e->core);
	map_close(&e->map);
	if (ours)
		buffers_close(&e->buffers);
	pthread_cond_destroy(&e->background.work);
	pthread_mutex_destroy(&e->lock);
}

void engine_wipe(struct engine *e, bool all, int64_t timeout_ms)
{
	int64_t end = clock_ms() + timeout_ms;

	stop(e);
	pthread_mutex_lock(&e->lock);
	for (unsigned link_no = 0; all && link_no < e->links; link_no++)
		layout_soil(&e->core.layout, link_no);
	core_tick(&e->core, clock_ms());
	engine_carry_out(e);
	while (core_wiping(&e->core) && clock_ms() < end) {
		int64_t at;

		engine_send(e);
		at = core_wake_at(&e->core, true);
		engine_poll(e, at < end ? at : end);
	}
	engine_unlock(e);
}
