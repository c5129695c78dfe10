/* SPDX-License-Identifier: BSD-2-Clause */
/* The borrower's core under test, with a clock that the test turns, and the test in
 * place of the links and of who waits. Nothing is sealed; what came is as good as the
 * test says. */
#ifndef FARPAGE_CORE_FIXTURE_H
#define FARPAGE_CORE_FIXTURE_H

#include "unit.h"

#include <errno.h>
#include <stdio.h>

#include "core.h"
#include "dispatch.h"

#ifndef EXTENTS
#define EXTENTS      3u
#endif
#define DEADLINE     30000
#define LINK_TIMEOUT 1000
#ifndef BUFFERS
#define BUFFERS      6u
#endif
#define SLOW         40 /* ms: surely late, and far from a timeout */

/* Links, a bit each. */
#define ON(link_no) (1u << (link_no))

static struct map map;
static struct seal *seal;
static struct buffers buffers;
static struct core c;
static int64_t now;

/* MS later. */
static inline void later(int64_t ms)
{
	now += ms;
	core_tick(&c, now);
}

static inline void up_as(unsigned link_no, const char *identity, uint64_t pages)
{
	core_link_up(&c, link_no, identity, pages, now);
}

static inline void up(unsigned link_no)
{
	char identity[IDENTITY_MAX];

	snprintf(identity, sizeof identity, "memory%u owner", link_no);
	up_as(link_no, identity, EXTENTS * EXTENT_PAGES);
}

static inline void down(unsigned link_no)
{
	core_link_down(&c, link_no, now);
}

/* A put's waiter seals its pages: a version each. */
static inline void seal_pages(struct op *op)
{
	for (uint32_t i = 0; i < op->pages; i++)
		op->record[i] = (struct record){ .version = seal_version(seal) & VERSION_MAX };
	core_checked(&c, op, 0, now);
}

/* The next command but to seal, which is done at once. */
static inline bool next_but_seal(struct command *command)
{
	while (core_next(&c, command, now)) {
		if (command->kind != COMMAND_CHECK || command->op->kind != OP_PUT)
			return true;
		seal_pages(command->op);
	}
	return false;
}

/* The next command is KIND. */
static inline struct command next(enum command_kind kind)
{
	struct command command;

	if (!next_but_seal(&command))
		fail_msg("no command, where one of kind %d should be", (int)kind);
	if (command.kind != kind)
		fail_msg("command %d on %d, not %d", (int)command.kind, (int)command.link_no,
		         (int)kind);
	return command;
}

static inline void nothing_to_do(void)
{
	struct command command;

	if (next_but_seal(&command))
		fail_msg("a command of kind %d on %d, where none should be", (int)command.kind,
		         (int)command.link_no);
}

static inline void closes(unsigned link_no)
{
	assert_int_equal(next(COMMAND_CLOSE).link_no, link_no);
}

static inline void connects(unsigned link_no)
{
	assert_int_equal(next(COMMAND_CONNECT).link_no, link_no);
}

/* The next command is to send an ask to LINK_NO, for OP. */
static inline struct ask *asked(enum ask_kind kind, unsigned link_no, const struct op *op)
{
	struct ask *ask = next(COMMAND_SEND).ask;

	assert_int_equal(ask->kind, kind);
	assert_int_equal(ask->link_no, link_no);
	assert_ptr_equal(ask->op, op);
	return ask;
}

static inline void answer(struct ask *ask, int error)
{
	core_reply(&c, ask, error, now);
}

/* The next command is to open what came for OP, of the pages in CAME; those in BAD were not
 * what had been sealed. */
static inline void checks(struct op *op, uint32_t came, uint32_t bad)
{
	assert_ptr_equal(next(COMMAND_CHECK).op, op);
	assert_int_equal(op->came, came);
	core_checked(&c, op, bad, now);
}

/* The next command is to tell that OP is over. */
static inline void done(struct op *op, int error)
{
	assert_ptr_equal(next(COMMAND_DONE).op, op);
	assert_int_equal(op->state, OP_DONE);
	assert_int_equal(op->error, error);
}

/* As a good link and a caller would: whatever is to be done is done, and well. */
static inline void carry_out(void)
{
	struct command command;

	while (next_but_seal(&command)) {
		switch (command.kind) {
		case COMMAND_CONNECT: up(command.link_no); break;
		case COMMAND_CLOSE: break;
		case COMMAND_SEND: answer(command.ask, 0); break;
		case COMMAND_CHECK: core_checked(&c, command.op, 0, now); break;
		case COMMAND_DONE: break;
		}
	}
}

/* No slot is dirty. */
static inline void wipe_all(void)
{
	while (core_wiping(&c)) {
		later(1);
		carry_out();
	}
}

/* Every buffer is free then, unless the test failed. */
static inline unsigned close_core(void)
{
	unsigned held;

	core_close(&c);
	held = buffers.n - buffers.free_n;
	for (unsigned i = 0; i < buffers.n; i++)
		while (buffers.all[i].holds)
			buffers_drop(&buffers, &buffers.all[i]);
	map_close(&map);
	buffers_close(&buffers);
	seal_close(seal);
	return held;
}

/* So many links, all down. */
static inline void open_core(struct core_options o)
{
	o.deadline_ms = o.deadline_ms ? o.deadline_ms : DEADLINE;
	o.link_timeout_ms = o.link_timeout_ms ? o.link_timeout_ms : LINK_TIMEOUT;
	o.heal_pages = o.heal_pages ? o.heal_pages : 1000000;
	o.seed = o.seed ? o.seed : 1;
	now = 1000000;
	seal = seal_open(SEAL_OFF);
	assert_non_null(seal);
	assert_int_equal(buffers_open(&buffers, BUFFERS, seal), 0);
	assert_int_equal(map_open(&map, EXTENTS * EXTENT_PAGES), 0);
	while (map_wants(&map))
		map_give(&map, record_block_new());
	assert_int_equal(core_open(&c, &o, &map, &buffers), 0);
}

/* N lenders with clean pools, that keep COPIES; with SPILL one more link is the spill. */
static inline void begin(unsigned n, unsigned copies, bool spill)
{
	open_core((struct core_options){ .links = n + spill, .spill = spill,
	                                 .copies = copies });
	for (unsigned link_no = 0; link_no < n + spill; link_no++)
		up(link_no);
	wipe_all();
	nothing_to_do();
}

static inline int teardown(void **state)
{
	(void)state;
	assert_int_equal(close_core(), 0);
	return 0;
}

#define UNIT(name) cmocka_unit_test_teardown(name, teardown)

static inline struct op put_of(uint64_t page, uint32_t pages)
{
	return (struct op){ .kind = OP_PUT, .page = page, .pages = pages };
}

static inline struct op get_of(uint64_t page, uint32_t pages)
{
	return (struct op){ .kind = OP_GET, .page = page, .pages = pages };
}

static inline struct op fill_of(uint64_t page, uint32_t pages, uint64_t pattern)
{
	return (struct op){ .kind = OP_FILL, .page = page, .pages = pages,
	                    .pattern = pattern };
}

/* Of one that the test had. */
static inline void give_back(struct buffer *b)
{
	buffers_drop(&buffers, b);
	c.freed = true;
	dispatch(&c, now);
}

static inline void start(struct op *op)
{
	op->until = now + c.o.deadline_ms;
	core_start(&c, op, now);
}

/* A put, from its start to its success. */
static inline void put_now(uint64_t page, uint32_t pages)
{
	struct op op = put_of(page, pages);

	start(&op);
	carry_out();
	assert_int_equal(op.state, OP_DONE);
	assert_int_equal(op.error, 0);
}

/* A put that ends without having been sealed, so that its pages are lost. */
static inline void lose_now(uint64_t page, uint32_t pages)
{
	struct op op = put_of(page, pages);
	struct command command;

	start(&op);
	assert_true(core_next(&c, &command, now));
	assert_ptr_equal(command.op, &op);
	core_checked(&c, &op, 1, now);
	done(&op, EIO);
}

/* The links that have a good copy of PAGE. */
static inline unsigned holders(uint64_t page)
{
	const struct extent *e = map_extent(&map, page);
	const struct record *r = map_record(&map, page);
	unsigned link_mask = 0;

	for (unsigned copy = 0; r && copy < COPY_PLACES; copy++)
		if (r->copies & 1u << copy) {
			assert_true(e->copy[copy].link_no >= 0);
			if (!e->copy[copy].stale)
				link_mask |= ON(e->copy[copy].link_no);
		}
	return link_mask;
}

/* Which of PAGE's copies is on LINK_NO. */
static inline unsigned copy_on(uint64_t page, unsigned link_no)
{
	unsigned copy = 0;

	while (copy < COPY_PLACES && map_extent(&map, page)->copy[copy].link_no != (int)link_no)
		copy++;
	assert_true(copy < COPY_PLACES);
	return copy;
}

/* A letter a page: absent, same, put, lost. */
static inline void states(uint64_t page, const char *want)
{
	for (; *want; want++, page++) {
		const struct record *r = map_record(&map, page);
		char is = "-=pL"[r ? r->state : PAGE_ABSENT];

		if (is != *want)
			fail_msg("page %d is '%c', not '%c'", (int)page, is, *want);
	}
}

#endif
