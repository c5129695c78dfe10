/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls: requests that the caller's thread waits for. */
#include <errno.h>

#include "clock.h"
#include "transfer.h"

static int run(struct farpage *f, enum op_kind kind, uint64_t page, uint64_t n, void *data, int64_t until)
{
	const struct farpage_run one = { page, n, data };
	struct transfer t;
	struct op *ops;

	if (!transfer_fits(f, &one, 1)) {
		errno = EINVAL;
		return -1;
	}
	transfer_begin(&t, f, kind, &one, 1, until);
	while ((ops = transfer_next(&t))) {
		engine_run(&f->engine, ops);
		for (unsigned i = 0, under_way = t.under_way; i < under_way; i++)
			transfer_took(&t, &t.call[i].op);
	}
	errno = t.error;
	return t.error ? -1 : 0;
}

int64_t farpage_until(const struct farpage *f)
{
	return clock_ms() + f->engine.core.o.deadline_ms;
}

int farpage_put_until(struct farpage *f, uint64_t page, uint64_t n, const void *data,
                      int64_t until)
{
	return run(f, OP_PUT, page, n, (void *)data, until);
}

int farpage_get_until(struct farpage *f, uint64_t page, uint64_t n, void *data, int64_t until)
{
	return run(f, OP_GET, page, n, data, until);
}

int farpage_flush_until(struct farpage *f, uint64_t page, uint64_t n, int64_t until)
{
	return run(f, OP_FILL, page, n, NULL, until);
}

int farpage_put(struct farpage *f, uint64_t page, uint64_t n, const void *data)
{
	return farpage_put_until(f, page, n, data, farpage_until(f));
}

int farpage_get(struct farpage *f, uint64_t page, uint64_t n, void *data)
{
	return farpage_get_until(f, page, n, data, farpage_until(f));
}

int farpage_flush(struct farpage *f, uint64_t page, uint64_t n)
{
	return farpage_flush_until(f, page, n, farpage_until(f));
}

int farpage_look(struct farpage *f, uint64_t page, uint64_t *n)
{
	bool hole;

	if (!*n || page >= f->pages || *n > f->pages - page) {
		errno = EINVAL;
		return -1;
	}
	pthread_mutex_lock(&f->engine.lock);
	hole = map_look(&f->engine.map, page, n);
	engine_unlock(&f->engine);
	return hole;
}

int farpage_flush_area(struct farpage *f)
{
	return farpage_flush(f, 0, f->pages);
}

int farpage_start(struct farpage *f)
{
	return engine_start(&f->engine);
}

uint64_t farpage_size(const struct farpage *f)
{
	return f->pages * PAGE_BYTES;
}

const char *farpage_instance(const struct farpage *f)
{
	return f->instance;
}
