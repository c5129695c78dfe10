/* SPDX-License-Identifier: BSD-2-Clause */
#include "stir.h"

void stir_client(struct client *client)
{
	struct conn *c = client->conn;

	if (c->stirred)
		return;
	c->stirred = true;
	TAILQ_INSERT_TAIL(&c->loop->stirred, c, stir);
}

/* One that goes on may give the backend something, which may have looked already before it sleeps; or stir
 * another. So the loop comes round once more. */
static void before_sleep(struct ev_loop *ev, ev_prepare *w, int events)
{
	struct loop *loop = w->data;
	struct conn *last = TAILQ_LAST(&loop->stirred, conn_list), *c;

	(void)events;
	while (last && (c = TAILQ_FIRST(&loop->stirred))) {
		bool waited = session_waits(&c->session) || c->kept.len;

		if (waited)
			ev_idle_start(ev, &loop->awake);
		if (c == last)
			last = NULL;
		conn_leave_stirred(c);
		loop->on_stir(c);
	}
	if (!TAILQ_EMPTY(&loop->stirred))
		ev_idle_start(ev, &loop->awake);
}

static void on_idle(struct ev_loop *ev, ev_idle *w, int events)
{
	(void)events;
	ev_idle_stop(ev, w);
}

void stir_begin(struct loop *loop, void (*go)(struct conn *))
{
	loop->on_stir = go;
	ev_prepare_init(&loop->before_sleep, before_sleep);
	ev_set_priority(&loop->before_sleep, EV_MINPRI);
	loop->before_sleep.data = loop;
	ev_prepare_start(loop->ev, &loop->before_sleep);
	ev_idle_init(&loop->awake, on_idle);
}

void stir_end(struct loop *loop)
{
	if (!loop->on_stir)
		return;
	ev_prepare_stop(loop->ev, &loop->before_sleep);
	ev_idle_stop(loop->ev, &loop->awake);
}
