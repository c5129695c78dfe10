/* SPDX-License-Identifier: BSD-2-Clause */
#include "transfer.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static uint32_t open_pages(struct op *op)
{
	uint8_t healed[PAGE_BYTES]; /* what is moved on as it is; another device may heal beside this one */
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

uint32_t transfer_check(struct engine *e, struct op *op)
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

/* What may have to wait for another operation is faulted in while this one holds nothing, as a put's pages are that
 * were looked at. */
static void fault_in(volatile uint8_t *data, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		data[i * PAGE_BYTES] = 0;
}

static void prepare(struct op *op, uint64_t n, uint8_t *data)
{
	switch (op->kind) {
	case OP_PUT:
		prepare_put(op, n, data);
		break;
	case OP_GET:
		op->pages = (uint32_t)at_most(op->page, n, RUN_PAGES);
		fault_in(data, op->pages);
		break;
	case OP_FILL:
		op->pages = (uint32_t)at_most(op->page, n, EXTENT_PAGES);
		break;
	case OP_HEAL:
		break; /* the core's own */
	}
}

bool transfer_fits(const struct farpage *f, const struct farpage_run *r, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (r[i].page > f->pages || r[i].n > f->pages - r[i].page)
			return false;
	return true;
}

void transfer_begin(struct transfer *t, struct farpage *f, enum op_kind kind, const struct farpage_run *run,
                   unsigned n, int64_t until)
{
	t->farpage = f;
	t->kind = kind;
	t->run = run;
	t->runs = n;
	t->cut = 0;
	t->until = until;
	t->error = 0;
	t->under_way = 0;
}

/* The next operation becomes CALL's. False: there is none. */
static bool cut(struct transfer *t, struct call *call)
{
	struct op *op = &call->op;

	while (t->runs && t->cut == t->run->n) {
		t->run++;
		t->runs--;
		t->cut = 0;
	}
	if (!t->runs)
		return false;
	call->transfer = t;
	call->data = t->run->data ? (uint8_t *)t->run->data + t->cut * PAGE_BYTES : NULL;
	op->kind = t->kind;
	op->page = t->run->page + t->cut;
	op->pattern = 0;
	op->until = t->until;
	op->next = NULL;
	prepare(op, t->run->n - t->cut, call->data);
	t->cut += op->pages;
	return true;
}

struct op *transfer_next(struct transfer *t)
{
	struct op *ops = NULL, **end = &ops;

	assert(!t->under_way);
	while (t->under_way < AT_ONCE && cut(t, &t->call[t->under_way])) {
		*end = &t->call[t->under_way++].op;
		end = &(*end)->next;
	}
	return ops;
}

void transfer_took(struct transfer *t, struct op *op)
{
	assert(t->under_way);
	t->under_way--;
	if (op->until > t->until)
		t->until = op->until; /* time stood still */
	if (op->error && !t->error)
		t->error = op->error;
	else if (op->kind == OP_GET && !op->error)
		fill_in((struct call *)op);
}
