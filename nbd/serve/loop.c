/* SPDX-License-Identifier: BSD-2-Clause */
#include "loop.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"

static void end(struct loop *loop)
{
	if (loop->ended)
		return;
	loop->ended = true;
	if (loop->on_end)
		loop->on_end(loop->end_data);
	else
		ev_break(loop->ev, EVBREAK_ALL);
}

void loop_left(struct loop *loop)
{
	if (loop->ending && LIST_EMPTY(&loop->conns))
		end(loop);
}

static void on_end(struct ev_loop *ev, ev_timer *w, int events)
{
	struct loop *loop = w->data;

	(void)ev, (void)events;
	loop->ops->hurry(loop);
	if (++loop->end_looks == LOOP_END_LOOKS)
		end(loop);
}

static void begin_to_end(struct loop *loop)
{
	if (loop->ending) {
		end(loop);
		return;
	}
	loop->ending = true;
	ev_timer_init(&loop->end, on_end, LOOP_REFUSE_SECONDS, LOOP_REFUSE_SECONDS);
	loop->end.data = loop;
	ev_timer_start(loop->ev, &loop->end);
	loop->ops->end(loop);
	loop_left(loop);
}

static void loop_refuse(struct accepted accepted)
{
	limits_leave(accepted.slot);
	close(accepted.fd);
}

/* Under the lock. */
static void take_off(struct loop *loop, struct loop_call *call)
{
	if (!call->queued)
		return;
	TAILQ_REMOVE(&loop->calls, call, link);
	loop->queued--;
	call->queued = false;
}

/* Those that are there now. */
static void make_calls(struct loop *loop, unsigned n)
{
	struct loop_call *call;

	for (; n; n--) {
		pthread_mutex_lock(&loop->lock);
		call = TAILQ_FIRST(&loop->calls);
		if (call)
			take_off(loop, call);
		pthread_mutex_unlock(&loop->lock);
		if (!call)
			break;
		call->call(call);
	}
}

static void on_wake(struct ev_loop *ev, ev_async *w, int events)
{
	struct loop *loop = w->data;
	struct accepted *inbox;
	unsigned calls;
	size_t n;
	bool stop;

	(void)ev, (void)events;
	atomic_store(&loop->asked, false);
	pthread_mutex_lock(&loop->lock);
	inbox = loop->inbox;
	n = loop->inbox_len;
	loop->inbox = NULL;
	loop->inbox_len = loop->inbox_size = 0;
	calls = loop->queued;
	stop = loop->stopping;
	loop->stopping = false;
	pthread_mutex_unlock(&loop->lock);
	for (size_t i = 0; i < n; i++)
		if (loop->ending)
			loop_refuse(inbox[i]);
		else
			loop->ops->adopt(loop, inbox[i]);
	free(inbox);
	make_calls(loop, calls);
	if (stop)
		begin_to_end(loop);
}

struct loop *loop_new(struct ev_loop *ev, const struct shared *shared, const struct loop_ops *ops)
{
	struct loop *loop = calloc(1, sizeof *loop);

	if (!loop || !ev) {
		free(loop);
		errno = ENOMEM;
		return NULL;
	}
	loop->ev = ev;
	loop->shared = shared;
	loop->ops = ops;
	LIST_INIT(&loop->conns);
	pthread_mutex_init(&loop->lock, NULL);
	TAILQ_INIT(&loop->at_gate);
	TAILQ_INIT(&loop->calls);
	TAILQ_INIT(&loop->stirred);
	ev_async_init(&loop->wake, on_wake);
	loop->wake.data = loop;
	ev_async_start(ev, &loop->wake);
	ops->start(loop);
	return loop;
}

static bool inbox_push(struct loop *loop, struct accepted accepted)
{
	if (loop->inbox_len == loop->inbox_size) {
		size_t size = loop->inbox_size * 2 + 8;
		struct accepted *inbox = realloc(loop->inbox, size * sizeof *inbox);

		if (!inbox)
			return false;
		loop->inbox = inbox;
		loop->inbox_size = size;
	}
	loop->inbox[loop->inbox_len++] = accepted;
	return true;
}

void loop_adopt(struct loop *loop, struct accepted accepted)
{
	pthread_mutex_lock(&loop->lock);
	bool ok = inbox_push(loop, accepted);
	pthread_mutex_unlock(&loop->lock);
	if (ok)
		ev_async_send(loop->ev, &loop->wake);
	else
		loop_refuse(accepted);
}

void loop_stop(struct loop *loop)
{
	pthread_mutex_lock(&loop->lock);
	loop->stopping = true;
	pthread_mutex_unlock(&loop->lock);
	ev_async_send(loop->ev, &loop->wake);
}

void loop_queue(struct loop *loop, struct loop_call *call)
{
	pthread_mutex_lock(&loop->lock);
	if (!call->queued) {
		TAILQ_INSERT_TAIL(&loop->calls, call, link);
		loop->queued++;
		call->queued = true;
	}
	pthread_mutex_unlock(&loop->lock);
	ev_async_send(loop->ev, &loop->wake);
}

void loop_unqueue(struct loop *loop, struct loop_call *call)
{
	pthread_mutex_lock(&loop->lock);
	take_off(loop, call);
	pthread_mutex_unlock(&loop->lock);
}

void loop_ask(struct loop *loop)
{
	atomic_store(&loop->asked, true);
	ev_async_send(loop->ev, &loop->wake);
}

bool loop_answered(const struct loop *loop)
{
	return !atomic_load(&loop->asked);
}

/* libev's time is of a clock that may be set. */
void loop_run(struct loop *loop)
{
	uint64_t since = 0;

	if (!loop->shared->busy_poll_ns)
		ev_run(loop->ev, 0);
	while (!loop->ended) {
		uint64_t now = clock_ns();

		if (loop->active)
			since = now;
		loop->active = false;
		ev_run(loop->ev, now - since > loop->shared->busy_poll_ns ? EVRUN_ONCE : EVRUN_NOWAIT);
	}
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	loop->ops->stop(loop);
	for (size_t i = 0; i < loop->inbox_len; i++)
		loop_refuse(loop->inbox[i]);
	free(loop->inbox);
	stream_room_free(&loop->room);
	ev_timer_stop(loop->ev, &loop->end);
	ev_async_stop(loop->ev, &loop->wake);
	if (!loop->on_end)
		ev_loop_destroy(loop->ev);
	pthread_mutex_destroy(&loop->lock);
	free(loop);
}
