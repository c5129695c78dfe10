/* SPDX-License-Identifier: BSD-2-Clause */
#include "call.h"

#include <errno.h>
#include <string.h>

#include "clock.h"

#define AT_ONCE 4u /* operations of one call under way */

struct call {
	struct op op;
	uint8_t *data;   /* where the pages of a get go, and those of a put are */
};

static uint32_t open_pages(struct op *op)
{
	static uint8_t healed[PAGE_BYTES]; /* by the one thread that heals; never read */
	struct call *call = (struct call *)op;
	uint32_t bad = 0;

	for (uint32_t i = 0; i < op->pages; i++) {
		uint8_t *to = op->kind == OP_HEAL ? healed : call->data + (size_t)i * PAGE_BYTES;

		if (op->came & 1u << i &&
		    sealer_open_page(op->buffer->sealer, op->page + i, &op->record[i],
		                     op->buffer->data + (size_t)i * PAGE_BYTES, to) < 0)
			bad |= 1u << i;
	}
	return bad;
}

static uint32_t seal_pages(struct seal *seal, struct op *op)
{
	const uint8_t *data = ((struct call *)op)->data;

	for (uint32_t i = 0; i < op->pages; i++) {
		size_t at = (size_t)i * PAGE_BYTES;

		op->record[i] = (struct record){ .version = seal_version(seal) & VERSION_MAX };
		if (!op->record[i].version ||
		    sealer_seal(op->buffer->sealer, op->page + i, &op->record[i], data + at,
		                op->buffer->data + at) < 0)
			return 1u << i;
	}
	return 0;
}

uint32_t call_check(struct engine *e, struct op *op)
{
	return op->kind == OP_PUT ? seal_pages(((struct farpage *)e)->seal, op) : open_pages(op);
}

/* Operations stay within an extent. */
static uint64_t at_most(uint64_t page, uint64_t n, uint64_t max)
{
	uint64_t left = EXTENT_PAGES - page % EXTENT_PAGES;

	n = n < left ? n : left;
	return n < max ? n : max;
}

/* Pages of one pattern need not leave the host: they are filled. The next operation of a put is
 * about pages of one sort. */
static void prepare_put(struct op *op, uint64_t n, const uint8_t *data)
{
	uint64_t pattern, max;
	bool fill = page_is_same(data, &op->pattern);

	op->kind = fill ? OP_FILL : OP_PUT;
	max = at_most(op->page, n, fill ? EXTENT_PAGES : RUN_PAGES);
	for (op->pages = 1; op->pages < max; op->pages++) {
		bool same = page_is_same(data + op->pages * PAGE_BYTES, &pattern);

		if (same != fill || (fill && pattern != op->pattern))
			break;
	}
}

static void fill_in(struct call *call)
{
	const struct op *op = &call->op;

	for (uint32_t i = 0; i < op->pages; i++) {
		uint64_t pattern = 0;

		if (op->record[i].state == PAGE_SEALED)
			continue;
		if (op->record[i].state == PAGE_SAME)
			memcpy(&pattern, op->record[i].tag, sizeof pattern);
		page_fill(call->data + (size_t)i * PAGE_BYTES, pattern);
	}
}

static void prepare(struct op *op, uint64_t n, const uint8_t *data)
{
	switch (op->kind) {
	case OP_PUT:
		prepare_put(op, n, data);
		break;
	case OP_GET:
		op->pages = (uint32_t)at_most(op->page, n, RUN_PAGES);
		break;
	case OP_FILL:
		op->pages = (uint32_t)at_most(op->page, n, EXTENT_PAGES);
		break;
	case OP_HEAL:
		break; /* the core's own */
	}
}

/* Some operations of a call, at once; how many pages they are about. All that it is cut into
 * ends by UNTIL. */
static uint64_t some(struct farpage *f, enum op_kind kind, uint64_t page, uint64_t n,
                     uint8_t *data, int64_t *until, int *error)
{
	struct call calls[AT_ONCE];
	struct op **end, *ops = NULL;
	uint64_t done = 0;
	unsigned k;

	end = &ops;
	for (k = 0; k < AT_ONCE && done < n; k++) {
		struct op *op = &calls[k].op;

		op->kind = kind;
		op->page = page + done;
		op->pattern = 0;
		op->until = *until;
		op->next = NULL;
		calls[k].data = data ? data + done * PAGE_BYTES : NULL;
		prepare(op, n - done, calls[k].data);
		*end = op;
		end = &op->next;
		done += op->pages;
	}
	engine_run(&f->engine, ops);
	*until = calls[0].op.until;
	for (unsigned i = 0; i < k; i++) {
		if (calls[i].op.error && !*error)
			*error = calls[i].op.error;
		else if (kind == OP_GET && !calls[i].op.error)
			fill_in(&calls[i]);
	}
	return done;
}

/* The first failure decides. */
static int run(struct farpage *f, enum op_kind kind, uint64_t page, uint64_t n, uint8_t *data,
               int64_t until)
{
	int error = 0;

	if (page > f->pages || n > f->pages - page) {
		errno = EINVAL;
		return -1;
	}
	while (n) {
		uint64_t done = some(f, kind, page, n, data, &until, &error);

		page += done;
		n -= done;
		if (data)
			data += done * PAGE_BYTES;
	}
	errno = error;
	return error ? -1 : 0;
}

int64_t farpage_until(const struct farpage *f)
{
	return clock_ms() + f->engine.core.o.deadline_ms;
}

int farpage_put_until(struct farpage *f, uint64_t page, uint64_t n, const void *data,
                      int64_t until)
{
	return run(f, OP_PUT, page, n, (uint8_t *)data, until);
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
