/* SPDX-License-Identifier: BSD-2-Clause */
/* An engine under test, on links of dice; and callers that seal with a sum. */
#ifndef FARPAGE_DRIVING_H
#define FARPAGE_DRIVING_H

#include "fakelink.h"

#include <errno.h>

#include "clock.h"
#include "engine.h"

#define BUFFERS   12u
#define LINKS_DUE 4u /* no test has more */

static struct engine e;
static struct seal *seal;
static struct fake *fake[LINKS_DUE];

/* One operation, of a few pages; where the pages of a get go, and of a put are. */
struct run {
	struct op op;
	uint8_t *data;
};

static inline uint64_t sum_of(const uint8_t *page)
{
	uint64_t sum = 1, word;

	for (size_t at = 0; at < PAGE_BYTES; at += sizeof word) {
		memcpy(&word, page + at, sizeof word);
		sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		sum ^= sum >> 29;
	}
	return sum;
}

static inline void seal_pages(struct op *op)
{
	const uint8_t *data = ((struct run *)op)->data;

	memcpy(op->buffer->data, data, op->pages * PAGE_BYTES);
	for (uint32_t i = 0; i < op->pages; i++) {
		uint64_t sum = sum_of(data + i * PAGE_BYTES);

		op->record[i].version = seal_version(seal) & VERSION_MAX;
		memcpy(op->record[i].tag, &sum, sizeof sum);
	}
}

/* In the thread of who waits. */
static inline uint32_t check(struct engine *engine, struct op *op)
{
	uint32_t bad = 0;
	uint64_t sum;

	(void)engine;
	if (op->kind == OP_PUT)
		seal_pages(op);
	for (uint32_t i = 0; op->kind != OP_PUT && i < op->pages; i++) {
		const uint8_t *page = op->buffer->data + i * PAGE_BYTES;

		if (!(op->came & 1u << i))
			continue;
		sum = sum_of(page);
		if (memcmp(op->record[i].tag, &sum, sizeof sum) != 0)
			bad |= 1u << i;
		else if (op->kind == OP_GET)
			memcpy(((struct run *)op)->data + i * PAGE_BYTES, page, PAGE_BYTES);
	}
	return bad;
}

/* N links; the last is the spill if there is to be one. */
static inline void make_drive(unsigned n, uint64_t seed)
{
	memset(&e, 0, sizeof e);
	e.check = check;
	assert_int_equal(engine_init(&e), 0);
	seal = seal_open(SEAL_OFF);
	assert_non_null(seal);
	for (unsigned link_no = 0; link_no < n; link_no++) {
		fake[link_no] = fake_link(seed * 100 + link_no);
		engine_add(&e, &fake[link_no]->link);
	}
}

static inline void open_drive(unsigned n, uint64_t seed, struct core_options o)
{
	make_drive(n, seed);
	engine_open(&e, clock_ms() + 5000);
	for (unsigned link_no = 0; link_no < n; link_no++)
		assert_true(e.opening[link_no].up);
	o.links = n;
	o.copies = o.copies ? o.copies : n > 1 ? 2 : 1;
	o.deadline_ms = o.deadline_ms ? o.deadline_ms : 20000;
	o.link_timeout_ms = o.link_timeout_ms ? o.link_timeout_ms : 20000;
	o.heal_pages = o.heal_pages ? o.heal_pages : 1000000;
	o.seed = seed;
	assert_int_equal(engine_begin(&e, FAKE_PAGES, &o, BUFFERS, seal), 0);
	engine_wipe(&e, false, 5000);
	assert_false(core_wiping(&e.core));
}

static inline void close_drive(void)
{
	engine_close(&e);
	seal_close(seal);
}

/* 0 or an errno; in any thread. */
static inline int run(enum op_kind kind, uint64_t page, uint32_t pages, uint8_t *data)
{
	struct run r = { .op = { .kind = kind, .page = page, .pages = pages }, .data = data };

	r.op.until = clock_ms() + e.core.o.deadline_ms;
	engine_run(&e, &r.op);
	for (uint32_t i = 0; kind == OP_GET && !r.op.error && i < pages; i++)
		if (r.op.record[i].state != PAGE_SEALED)
			memset(data + i * PAGE_BYTES, 0, PAGE_BYTES);
	return r.op.error;
}

static inline void set_page(uint8_t *page, uint64_t value)
{
	for (size_t at = 0; at < PAGE_BYTES; at += sizeof value)
		memcpy(page + at, &value, sizeof value);
}

static inline bool is_page(const uint8_t *page, uint64_t value)
{
	return memcmp(page, &value, sizeof value) == 0 &&
	       memcmp(page, page + sizeof value, PAGE_BYTES - sizeof value) == 0;
}

static inline enum op_kind some_kind(uint64_t *seed)
{
	static const enum op_kind kinds[] = { OP_PUT, OP_PUT, OP_GET, OP_GET, OP_GET, OP_FILL };

	return kinds[dice_below(seed, COUNT(kinds))];
}

/* A break, as from outside. */
static inline void break_link(unsigned link_no)
{
	pthread_mutex_lock(&e.lock);
	if (fake[link_no]->timer >= 0)
		fake_break(fake[link_no]);
	pthread_mutex_unlock(&e.lock);
}

/* Until X, looked at under the lock, is so; 20 s at most. */
#define WAIT_FOR(x) \
	do { \
		bool so = false; \
		for (int i = 0; !so; i++) { \
			must(i < 200000, "waited in vain for " #x); \
			pthread_mutex_lock(&e.lock); \
			so = (x); \
			pthread_mutex_unlock(&e.lock); \
			if (!so) \
				usleep(100); \
		} \
	} while (0)

#endif
