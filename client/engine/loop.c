/* SPDX-License-Identifier: BSD-2-Clause */
/* A caller with an event loop of its own: one thread that waits for one descriptor, an epoll
 * instance with all that the engine waits for, and turns the wheel when that is readable. It is
 * what the background thread is otherwise, and leads whenever no thread that waits does. */
#include "engine.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"

#define EVENT (LINKS_MAX)     /* in place of a link's number */
#define TIMER (LINKS_MAX + 1)

static int watch(struct engine *e, int fd, unsigned number)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = number };

	return fd < 0 ? -1 : epoll_ctl(e->loop.epoll, EPOLL_CTL_ADD, fd, &event);
}

int engine_loop(struct engine *e)
{
	struct loop *l = &e->loop;

	l->on = true;
	l->timer_at = CORE_NEVER;
	for (unsigned link_no = 0; link_no < LINKS_MAX; link_no++)
		l->polled[link_no].fd = -1;
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	l->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	return l->epoll < 0 || watch(e, l->event, EVENT) < 0 || watch(e, l->timer, TIMER) < 0 ? -1 : 0;
}

void loop_close(struct engine *e)
{
	const int fds[] = { e->loop.epoll, e->loop.event, e->loop.timer };

	for (unsigned i = 0; i < sizeof fds / sizeof *fds; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

void loop_tell(struct engine *e)
{
	if (e->loop.turning || e->loop.told)
		return;
	e->loop.told = true;
	eventfd_write(e->loop.event, 1);
}

void loop_forget(struct engine *e, unsigned link_no)
{
	e->loop.polled[link_no].fd = -1;
}

static void take_in(struct engine *e, const struct epoll_event *event)
{
	unsigned number = event->data.u32;
	uint64_t count;

	if (number == EVENT) {
		e->loop.told = false;
		eventfd_read(e->loop.event, &count);
	} else if (number == TIMER) {
		e->loop.timer_at = CORE_NEVER;
		if (read(e->loop.timer, &count, sizeof count) < 0)
			return; /* set anew since */
	} else if (number < e->links) {
		e->link[number]->ops->notify(e->link[number], (short)event->events);
	}
}

/* What was submitted is sent first: for what came, the descriptor stays readable. But not twice in
 * a row, for then it might be submitted to without end. */
static bool is_to_look(struct loop *l)
{
	l->looked = !l->submitted || !l->looked;
	return l->looked;
}

static void look(struct engine *e)
{
	struct epoll_event event[LINKS_MAX + 2];
	int n = epoll_wait(e->loop.epoll, event, LINKS_MAX + 2, 0);

	for (int i = 0; i < n; i++)
		take_in(e, &event[i]);
}

/* The number of a descriptor that was closed may be another link's by now. */
static void unwatch(struct engine *e, int fd)
{
	epoll_ctl(e->loop.epoll, EPOLL_CTL_DEL, fd, NULL);
	for (unsigned link_no = 0; link_no < e->links; link_no++)
		if (e->loop.polled[link_no].fd == fd)
			e->loop.polled[link_no].fd = -1;
}

static void watch_link(struct engine *e, unsigned link_no, const struct pollfd *want)
{
	struct epoll_event event = { .events = (uint32_t)want->events, .data.u32 = link_no };

	if (epoll_ctl(e->loop.epoll, EPOLL_CTL_MOD, want->fd, &event) < 0 && errno == ENOENT)
		epoll_ctl(e->loop.epoll, EPOLL_CTL_ADD, want->fd, &event);
	e->loop.polled[link_no] = *want;
}

/* While a link is being opened it may change its descriptor for one of the same number. */
static void watch_links(struct engine *e)
{
	struct pollfd want[LINKS_MAX];
	const struct pollfd *has = e->loop.polled;

	engine_interests(e, want);
	for (unsigned link_no = 0; link_no < e->links; link_no++)
		if (has[link_no].fd >= 0 && has[link_no].fd != want[link_no].fd)
			unwatch(e, has[link_no].fd);
	for (unsigned link_no = 0; link_no < e->links; link_no++)
		if (want[link_no].fd >= 0 &&
		    (want[link_no].fd != has[link_no].fd || want[link_no].events != has[link_no].events ||
		     e->core.peer[link_no].state == PEER_CONNECTING))
			watch_link(e, link_no, &want[link_no]);
}

/* The timer is set only if it would go off too late: a deadline that was met costs nothing. */
static void set_timer(struct engine *e)
{
	int64_t until = core_wake_at(&e->core, true);
	struct itimerspec at = {0};

	if (until >= e->loop.timer_at)
		return;
	e->loop.timer_at = until;
	at.it_value = clock_timespec(until > 0 ? until + 1 : 1); /* a millisecond that has begun is not over */
	timerfd_settime(e->loop.timer, TFD_TIMER_ABSTIME, &at, NULL);
}

void engine_submit(struct engine *e, struct op *ops)
{
	struct waiter *w = &e->background.waiter;
	struct op *next;
	int64_t now;

	pthread_mutex_lock(&e->lock);
	now = clock_ms();
	engine_do_start(e);
	e->loop.turning = e->loop.submitted = true;
	for (struct op *op = ops; op; op = next) {
		next = op->next;
		op->waiter = w;
		w->pending++;
		core_start(&e->core, op, now);
	}
	engine_carry_out(e);
	e->loop.turning = false;
	engine_unlock(e);
}

static bool leads(const struct engine *e)
{
	return e->leader == &e->background.waiter;
}

/* All that there was to send is sent. */
static void hand_over(struct engine *e)
{
	if (TAILQ_EMPTY(&e->waiters))
		e->leader = NULL;
	else
		engine_hand_over(e);
}

/* What is to be sealed and opened, until nothing is. A page of the caller may be faulted in by another thread's
 * call: meanwhile somebody else may lead. */
static void work(struct engine *e)
{
	struct waiter *w = &e->background.waiter;
	struct op *ops;

	for (;;) {
		if (leads(e))
			engine_send(e);
		else
			engine_carry_out(e);
		ops = w->to_check;
		if (!ops)
			return;
		w->to_check = NULL;
		if (leads(e))
			hand_over(e);
		engine_unlock(e);
		engine_check(e, ops);
		if (!e->leader)
			e->leader = w;
	}
}

struct op *engine_turn(struct engine *e)
{
	struct waiter *w = &e->background.waiter;
	struct op *done;
	bool looks = is_to_look(&e->loop);

	pthread_mutex_lock(&e->lock);
	e->loop.turning = true;
	e->loop.submitted = false;
	if (!e->leader) {
		e->leader = w;
		if (looks)
			look(e);
	}
	core_tick(&e->core, clock_ms());
	work(e);
	if (leads(e))
		hand_over(e);
	done = w->done;
	w->done = NULL;
	watch_links(e);
	set_timer(e);
	e->loop.turning = false;
	if (w->to_check)
		loop_tell(e); /* for the next turn */
	engine_unlock(e);
	return done;
}

bool engine_submitted(const struct engine *e)
{
	return e->loop.submitted;
}

void engine_turn_again(struct engine *e)
{
	pthread_mutex_lock(&e->lock);
	loop_tell(e);
	engine_unlock(e);
}
