/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests that nobody waits for: the caller's event loop is told when they are done. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "clock.h"
#include "transfer.h"

#define ROUNDS 4 /* then the caller's other business has its turn */
#define LOOK_MS 100

int transfers_open(struct farpage *f, unsigned n)
{
	SLIST_INIT(&f->idle);
	f->transfer = calloc(n, sizeof *f->transfer);
	if (!f->transfer)
		return -1;
	f->transfers = n;
	for (unsigned i = 0; i < n; i++)
		SLIST_INSERT_HEAD(&f->idle, &f->transfer[i], link);
	return engine_loop(&f->engine);
}

int farpage_submit(struct farpage *f, enum farpage_verb verb, const struct farpage_run *run, unsigned n,
                   farpage_done *done, void *user)
{
	static const enum op_kind kinds[] = { [FARPAGE_PUT] = OP_PUT, [FARPAGE_GET] = OP_GET, [FARPAGE_FLUSH] = OP_FILL };
	struct transfer *t = SLIST_FIRST(&f->idle);
	struct op *ops;

	if (verb > FARPAGE_FLUSH || !transfer_fits(f, run, n)) {
		errno = EINVAL;
		return -1;
	}
	if (!t) {
		errno = EAGAIN;
		return -1;
	}
	transfer_begin(t, f, kinds[verb], run, n, farpage_until(f));
	ops = transfer_next(t);
	if (!ops) {
		errno = EINVAL; /* of nothing */
		return -1;
	}
	SLIST_REMOVE_HEAD(&f->idle, link);
	t->done = done;
	t->user = user;
	engine_submit(&f->engine, ops);
	return 0;
}

/* Its callback may submit another request, in its place. */
static void finish(struct farpage *f, struct transfer *t)
{
	SLIST_INSERT_HEAD(&f->idle, t, link);
	t->done(t->user, t->error);
}

static void took(struct farpage *f, struct op *op)
{
	struct transfer *t = ((struct call *)op)->transfer;
	struct op *ops;

	transfer_took(t, op);
	if (t->under_way)
		return;
	ops = transfer_next(t);
	if (ops)
		engine_submit(&f->engine, ops);
	else
		finish(f, t);
}

static void take(struct farpage *f, struct op *ops)
{
	for (struct op *next; ops; ops = next) {
		next = ops->next;
		took(f, ops);
	}
}

int farpage_fd(const struct farpage *f)
{
	return f->engine.loop.epoll;
}

void farpage_process(struct farpage *f)
{
	unsigned rounds = 0;

	do
		take(f, engine_turn(&f->engine));
	while (engine_submitted(&f->engine) && ++rounds < ROUNDS);
	if (engine_submitted(&f->engine))
		engine_turn_again(&f->engine);
}

static unsigned under_way(const struct farpage *f)
{
	const struct transfer *t;
	unsigned n = f->transfers;

	SLIST_FOREACH(t, &f->idle, link)
		n--;
	return n;
}

void transfers_end(struct farpage *f)
{
	struct pollfd p = { .fd = farpage_fd(f), .events = POLLIN };

	while (under_way(f)) {
		farpage_process(f);
		if (under_way(f))
			poll(&p, 1, LOOK_MS);
	}
}
