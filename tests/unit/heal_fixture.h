/* SPDX-License-Identifier: BSD-2-Clause */
/* The core under test, with somebody who waits for what it heals. */
#ifndef FARPAGE_HEAL_FIXTURE_H
#define FARPAGE_HEAL_FIXTURE_H

#include "core_fixture.h"

static inline void begin_healing(unsigned n, unsigned copies, bool spill)
{
	begin(n, copies, spill);
	c.heal.waiter = &c;
}

/* N pages from PAGE on have no copy on LINK_NO, as after puts while it was away. */
static inline void without(unsigned link_no, uint64_t page, uint32_t n)
{
	for (; n--; page++) {
		struct record r = *map_record(&map, page);

		record_clear(&r, copy_on(page, link_no));
		map_set(&map, page, &r);
		map_heal(&map, map_extent(&map, page), true);
	}
}

/* Time passes until something is to be read for healing: so many pages. */
static inline struct ask *heals(uint64_t page, uint32_t pages)
{
	struct command command;

	for (int ms = 0; !core_next(&c, &command, now); ms++) {
		assert_true(ms < 5000);
		later(1);
	}
	assert_int_equal(command.kind, COMMAND_SEND);
	assert_int_equal(command.ask->kind, ASK_GET);
	assert_ptr_equal(command.ask->op, &c.heal.op);
	assert_int_equal(c.heal.op.page, page);
	assert_int_equal(c.heal.op.pages, pages);
	return command.ask;
}

/* The same, to its good end. */
static inline void healed(uint64_t page, uint32_t pages)
{
	answer(heals(page, pages), 0);
	checks(&c.heal.op, pages == 32 ? UINT32_MAX : (1u << pages) - 1, 0);
	while (c.heal.op.state != OP_ENDED)
		answer(next(COMMAND_SEND).ask, 0);
}

/* Time passes until all is well, for a minute at most; links that are down stay down. */
static inline void heal_all(void)
{
	struct command command;

	for (int ms = 0; ms < 60000 && (core_unhealed(&c) || core_wiping(&c)); ms++) {
		later(1);
		while (core_next(&c, &command, now)) {
			switch (command.kind) {
			case COMMAND_CONNECT: down(command.link_no); break;
			case COMMAND_SEND: answer(command.ask, 0); break;
			case COMMAND_CHECK: core_checked(&c, command.op, 0, now); break;
			default: fail_msg("a command of kind %d", (int)command.kind);
			}
		}
	}
}

#endif
