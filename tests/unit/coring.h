/* SPDX-License-Identifier: BSD-2-Clause */
/* The borrower's core under test, with a clock that the test turns and a link
 * that the test is. */
#ifndef FARPAGE_CORING_H
#define FARPAGE_CORING_H

#include "unit.h"

#include <errno.h>

#include "core.h"

#define PAGE_BYTES   4096
#define PAGES        64u
#define DEADLINE     30000
#define LINK_TIMEOUT 10000

static struct map map;
static struct core c;
static int64_t now;
static uint8_t data[8 * PAGE_BYTES];

static inline int setup(void **state)
{
	(void)state;
	now = 1000000;
	if (map_open(&map, PAGES) < 0)
		return -1;
	core_init(&c, &map, DEADLINE, LINK_TIMEOUT);
	return 0;
}

static inline int setup_up(void **state)
{
	if (setup(state) < 0)
		return -1;
	core_link_up(&c, "one");
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	map_close(&map);
	return 0;
}

/* With the link up from the start; or not yet opened. */
#define UP_UNIT(name)   cmocka_unit_test_setup_teardown(name, setup_up, teardown)
#define DOWN_UNIT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static inline struct op op_of(enum op_kind kind, uint64_t page, uint64_t pages,
                              uint8_t *bytes)
{
	return (struct op){ .kind = kind, .page = page, .pages = pages, .data = bytes };
}

static inline void start(struct op *op)
{
	core_start(&c, op, now);
}

/* The next command is KIND, of OP. */
static inline void next(enum command_kind kind, struct op *op)
{
	struct command command;

	if (!core_next(&c, &command, now))
		fail_msg("no command, where one of kind %d should be", (int)kind);
	if (command.kind != kind)
		fail_msg("command %d, not %d", (int)command.kind, (int)kind);
	assert_ptr_equal(command.op, op);
	if (kind == COMMAND_DONE)
		assert_int_equal(op->state, OP_DONE);
}

static inline void done(struct op *op, int error)
{
	next(COMMAND_DONE, op);
	assert_int_equal(op->error, error);
}

static inline void nothing_to_do(void)
{
	struct command command;

	if (core_next(&c, &command, now))
		fail_msg("a command of kind %d, where none should be", (int)command.kind);
}

static inline bool all_bytes(const uint8_t *from, size_t n, uint8_t what)
{
	for (size_t i = 0; i < n; i++)
		if (from[i] != what)
			return false;
	return true;
}

/* MS later. */
static inline void later(int64_t ms)
{
	now += ms;
	core_tick(&c, now);
}

static inline void answer(struct op *op, int error)
{
	core_reply(&c, op, error, now);
}

/* A put of PAGES pages from PAGE on, from its start to its success. */
static inline void put_now(uint64_t page, uint64_t pages)
{
	struct op op = op_of(OP_PUT, page, pages, data);

	start(&op);
	next(COMMAND_SEND, &op);
	answer(&op, 0);
	done(&op, 0);
}

/* A put that the lender refuses, so that its pages are lost. */
static inline void lose_now(uint64_t page, uint64_t pages)
{
	struct op op = op_of(OP_PUT, page, pages, data);

	start(&op);
	next(COMMAND_SEND, &op);
	answer(&op, ENOSPC);
	done(&op, ENOSPC);
}

static inline void states(uint64_t page, const char *want)
{
	for (; *want; want++, page++)
		if ("-pL"[map_state(&map, page)] != *want)
			fail_msg("page %d is '%c', not '%c'", (int)page,
			         "-pL"[map_state(&map, page)], *want);
}

#endif
