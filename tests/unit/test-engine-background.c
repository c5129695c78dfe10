/* SPDX-License-Identifier: BSD-2-Clause */
/* What the engine does while nobody waits, and who does what while somebody does. */
#include "engine_fixture.h"

static uint8_t data[8 * PAGE_BYTES];

static int setup(void **state)
{
	(void)state;
	fill(data, sizeof data, 1);
	open_drive(2, 1, (struct core_options){ .link_timeout_ms = 1000, .deadline_ms = 3000 });
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close_drive();
	return 0;
}

static unsigned copies_of(uint64_t page)
{
	const struct record *r = map_record(&e.map, page);

	return r ? (unsigned)__builtin_popcount(r->copies) : 0;
}

TEST(missing_copies_are_made_while_nobody_waits)
{
	assert_int_equal(run(OP_PUT, 0, 8, data), 0);
	fake[0]->stays_away = 1;
	break_link(0);
	assert_int_equal(run(OP_PUT, 0, 4, data), 0);
	WAIT_FOR(copies_of(0) == 1);
	assert_true(core_unhealed(&e.core) > 0);
	pthread_mutex_lock(&e.lock);
	fake[0]->stays_away = 0;
	pthread_mutex_unlock(&e.lock);
	WAIT_FOR(copies_of(0) == 2 && core_unhealed(&e.core) == 0);
	/* They are what was put. */
	fake[1]->stays_away = 1;
	break_link(1);
	uint8_t got[8 * PAGE_BYTES];
	assert_int_equal(run(OP_GET, 0, 8, got), 0);
	assert_memory_equal(got, data, sizeof got);
}

TEST(other_memory_is_filled_while_nobody_waits)
{
	assert_int_equal(run(OP_PUT, 0, 8, data), 0);
	fake[0]->forgets = 1;
	break_link(0);
	WAIT_FOR(e.core.counts.lost_memories == 1);
	WAIT_FOR(copies_of(0) == 2 && core_unhealed(&e.core) == 0);
	assert_true(e.core.counts.healed_pages >= 8);
}

TEST(a_link_is_opened_again_while_nobody_waits)
{
	assert_int_equal(run(OP_PUT, 0, 1, data), 0);
	break_link(1);
	WAIT_FOR(fake[1]->up);
	WAIT_FOR(e.core.peer[1].state == PEER_UP);
}

/* Nobody asks it anything, so its death is told by its descriptor only. */
TEST(a_link_that_dies_while_nobody_waits_is_noticed)
{
	assert_int_equal(run(OP_PUT, 0, 1, data), 0);
	pthread_mutex_lock(&e.lock);
	fake[0]->breaks = 1;
	fake_alarm(fake[0], 1);
	pthread_mutex_unlock(&e.lock);
	WAIT_FOR(fake[0]->broke == 1);
	pthread_mutex_lock(&e.lock);
	fake[0]->breaks = 0;
	pthread_mutex_unlock(&e.lock);
	WAIT_FOR(e.core.peer[0].state == PEER_UP);
}

TEST(memory_for_records_is_made_ahead)
{
	assert_int_equal(map_wants(&e.map), 0);
	assert_int_equal(run(OP_PUT, 0, 1, data), 0);
	WAIT_FOR(map_wants(&e.map) == 0);
	/* And for who waits for it. */
	assert_int_equal(run(OP_FILL, 0, FAKE_PAGES, NULL), 0);
	WAIT_FOR(!e.map.extent[0].record);
	pthread_mutex_lock(&e.lock);
	while (e.map.readies)
		record_block_free(e.map.ready[--e.map.readies]);
	pthread_mutex_unlock(&e.lock);
	assert_int_equal(run(OP_PUT, 0, 1, data), 0);
}

static pthread_t checker;
static _Atomic unsigned checks;

static uint32_t note(struct engine *engine, struct op *op)
{
	if (op->kind == OP_GET) {
		checker = pthread_self();
		/* Others may have it for a moment; who checks under it would wait for itself. */
		struct timespec end;
		clock_gettime(CLOCK_REALTIME, &end); /* ThreadSanitizer knows no other wait for it */
		end.tv_sec += 10;
		must(pthread_mutex_timedlock(&engine->lock, &end) == 0, "checked under the lock");
		pthread_mutex_unlock(&engine->lock);
		checks++;
	}
	return check(engine, op);
}

static void *get_noted(void *page)
{
	uint8_t got[PAGE_BYTES];
	unsigned before = checks;

	must(run(OP_GET, (uintptr_t)page, 1, got) == 0, "no page");
	must(memcmp(got, data + (uintptr_t)page * PAGE_BYTES, PAGE_BYTES) == 0, "another page");
	must(checks == before + 1 && pthread_equal(checker, pthread_self()),
	     "opened in another thread");
	return NULL;
}

TEST(who_waits_opens_what_came)
{
	pthread_t thread;

	assert_int_equal(run(OP_PUT, 0, 8, data), 0);
	e.check = note;
	for (uintptr_t i = 0; i < 200; i++) {
		pthread_create(&thread, NULL, get_noted, (void *)(i % 8));
		pthread_join(thread, NULL);
	}
	e.check = check;
}

TEST(starting_twice_is_starting_once)
{
	pthread_t first;

	assert_int_equal(engine_start(&e), 0);
	first = e.background.thread;
	assert_int_equal(engine_start(&e), 0);
	assert_true(pthread_equal(first, e.background.thread));
}

/* In the middle of healing. */
TEST(closing_does_not_wait_for_healing)
{
	assert_int_equal(run(OP_PUT, 0, 8, data), 0);
	fake[0]->forgets = 1;
	fake[1]->hangs = 1;
	break_link(0);
	WAIT_FOR(e.core.heal.busy);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(missing_copies_are_made_while_nobody_waits),
		T(other_memory_is_filled_while_nobody_waits),
		T(a_link_is_opened_again_while_nobody_waits),
		T(a_link_that_dies_while_nobody_waits_is_noticed),
		T(memory_for_records_is_made_ahead),
		T(who_waits_opens_what_came),
		T(starting_twice_is_starting_once),
		T(closing_does_not_wait_for_healing),
	};

	return cmocka_run_group_tests_name("an engine's background", tests, NULL, NULL);
}
