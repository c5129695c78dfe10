/* SPDX-License-Identifier: BSD-2-Clause */
/* A thread is chosen to lead while it sleeps, and before it has woken another one
 * carries its operation to an end: somebody must lead all the same. */
#include "engine_fixture.h"

static _Atomic bool hold;

/* In place of libc's: a thread that was woken may be slow to go on. */
int sem_wait(sem_t *sem)
{
	while (sem_trywait(sem) < 0)
		usleep(100);
	while (hold)
		usleep(100);
	return 0;
}

static void *get_in_thread(void *page)
{
	uint8_t data[PAGE_BYTES];

	return (void *)(intptr_t)run(OP_GET, (uintptr_t)page, 1, data);
}

static void open_with_pages(uint64_t seed)
{
	uint8_t data[8 * PAGE_BYTES];

	fill(data, sizeof data, seed);
	open_drive(1, seed, (struct core_options){ .deadline_ms = 600 });
	assert_int_equal(run(OP_PUT, 0, 8, data), 0);
}

TEST(a_leader_whose_operation_is_over_when_it_wakes)
{
	uint8_t data[PAGE_BYTES];
	pthread_t a, b;
	void *error;

	fill(data, sizeof data, 1);
	open_with_pages(1);
	fake[0]->stays_away = 1;
	break_link(0);
	pthread_create(&a, NULL, get_in_thread, (void *)1);
	WAIT_FOR(e.leader && e.leader != &e.background.waiter);
	usleep(450000); /* so that its time is over first */
	pthread_create(&b, NULL, get_in_thread, (void *)2);
	WAIT_FOR(!TAILQ_EMPTY(&e.waiters));
	hold = true;
	pthread_join(a, &error); /* and b is to lead, but sleeps on */
	assert_int_equal((intptr_t)error, EIO);
	usleep(1100000);
	pthread_mutex_lock(&e.lock);
	assert_non_null(e.leader);
	fake[0]->stays_away = 0;
	fake[0]->forgets = fake[0]->at_once = 1;
	if (fake[0]->timer >= 0)
		fake_come_up(fake[0]); /* it was just being opened, and nobody looked */
	pthread_mutex_unlock(&e.lock);
	assert_int_equal(run(OP_PUT, 3, 1, data), 0); /* or connects, and so decides b's */
	hold = false;
	pthread_join(b, &error);
	assert_int_equal((intptr_t)error, EIO);
	fake[0]->at_once = 0;
	assert_int_equal(run(OP_PUT, 4, 1, data), 0);
	WAIT_FOR(!e.leader);
	close_drive();
}

static struct ask *kept;

/* The link that hangs answers what it was asked first; the next time, the other. */
static void answer_first(void)
{
	struct fake *f = fake[0];

	pthread_mutex_lock(&e.lock);
	f->hanging = false;
	f->hangs = 0;
	if (f->n == 2)
		kept = f->asked[--f->n];
	else
		f->asked[f->n++] = kept;
	fake_alarm(f, 1);
	pthread_mutex_unlock(&e.lock);
}

TEST(the_lead_is_handed_over)
{
	pthread_t a, b;
	void *error;

	open_with_pages(2);
	fake[0]->hangs = 1;
	pthread_create(&a, NULL, get_in_thread, (void *)1);
	WAIT_FOR(fake[0]->n == 1 && fake[0]->hanging);
	pthread_create(&b, NULL, get_in_thread, (void *)2);
	WAIT_FOR(fake[0]->n == 2);
	answer_first();
	pthread_join(a, &error);
	assert_int_equal((intptr_t)error, 0);
	WAIT_FOR(e.leader && e.leader != &e.background.waiter && e.polling);
	answer_first();
	pthread_join(b, &error);
	assert_int_equal((intptr_t)error, 0);
	WAIT_FOR(!e.leader);
	close_drive();
}

/* The leader waits for a reply until the deadline: whoever asks meanwhile gets a second
 * copy asked as soon as the first is late. */
TEST(a_late_reply_is_noticed_for_those_who_do_not_lead)
{
	uint8_t data[8 * PAGE_BYTES];
	int64_t begin;
	pthread_t a, b;
	void *error;

	fill(data, sizeof data, 3);
	open_drive(2, 3, (struct core_options){ .deadline_ms = 8000 });
	assert_int_equal(run(OP_PUT, 0, 8, data), 0);
	fake[0]->hangs = fake[1]->hangs = 1;
	pthread_create(&a, NULL, get_in_thread, (void *)1);
	WAIT_FOR(fake[0]->n == 1 && fake[1]->n == 1 && e.polling);
	begin = clock_ms();
	pthread_create(&b, NULL, get_in_thread, (void *)2);
	WAIT_FOR(fake[0]->n == 2 && fake[1]->n == 2);
	assert_true(clock_ms() - begin < 4000);
	pthread_join(a, &error);
	assert_int_equal((intptr_t)error, EIO);
	pthread_join(b, &error);
	assert_int_equal((intptr_t)error, EIO);
	fake[0]->hangs = fake[1]->hangs = 0;
	WAIT_FOR(!e.leader);
	close_drive();
}

/* What is to be done next, and when, is not what it was before. */
TEST(a_link_that_breaks_while_the_leader_sends)
{
	uint8_t data[PAGE_BYTES];
	int64_t begin = clock_ms();

	open_with_pages(4);
	fake[0]->cut = true;
	assert_int_equal(run(OP_GET, 1, 1, data), 0);
	fake[0]->cut = true;
	assert_int_equal(run(OP_PUT, 1, 1, data), 0);
	assert_false(fake[0]->cut);
	assert_true(clock_ms() - begin < 500);
	close_drive();
}

static _Atomic bool checking, hold_check;

static uint32_t slow_check(struct engine *engine, struct op *op)
{
	for (checking = true; hold_check; )
		usleep(100);
	checking = false;
	return check(engine, op);
}

static void *put_in_thread(void *page)
{
	uint8_t data[PAGE_BYTES] = {1};

	return (void *)(intptr_t)run(OP_PUT, (uintptr_t)page, 1, data);
}

/* Its page is free when another thread's check is over, and the link answers at once. */
static void ends_while_polling(enum op_kind kind)
{
	pthread_t a, b;
	int64_t begin;
	void *error;

	open_drive(1, 5, (struct core_options){0});
	put_in_thread((void *)1);
	e.check = slow_check;
	hold_check = true;
	fake[0]->at_once = 1;
	pthread_create(&a, NULL, get_in_thread, (void *)1);
	WAIT_FOR(checking);
	pthread_create(&b, NULL, kind == OP_PUT ? put_in_thread : get_in_thread, (void *)1);
	WAIT_FOR(e.leader && e.leader != &e.background.waiter && e.polling);
	begin = clock_ms();
	hold_check = false;
	pthread_join(a, &error);
	assert_int_equal((intptr_t)error, 0);
	pthread_join(b, &error);
	assert_int_equal((intptr_t)error, 0);
	assert_true(clock_ms() - begin < 10000);
	close_drive();
}

TEST(a_put_that_another_thread_ends_while_its_own_polls)
{
	ends_while_polling(OP_PUT);
}

TEST(a_get_that_another_thread_brings_while_its_own_polls)
{
	ends_while_polling(OP_GET);
}

/* The background thread leads as long as a link is being opened. */
TEST(records_are_made_while_the_background_leads)
{
	open_drive(1, 6, (struct core_options){ .link_timeout_ms = 100000 });
	engine_start(&e);
	fake[0]->silent = true;
	break_link(0);
	WAIT_FOR(e.leader == &e.background.waiter && e.polling && core_busy(&e.core));
	pthread_mutex_lock(&e.lock);
	while (e.map.readies)
		record_block_free(e.map.ready[--e.map.readies]);
	engine_carry_out(&e);
	engine_unlock(&e);
	WAIT_FOR(!map_wants(&e.map));
	close_drive();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_leader_whose_operation_is_over_when_it_wakes),
		cmocka_unit_test(the_lead_is_handed_over),
		cmocka_unit_test(a_late_reply_is_noticed_for_those_who_do_not_lead),
		cmocka_unit_test(a_link_that_breaks_while_the_leader_sends),
		cmocka_unit_test(a_put_that_another_thread_ends_while_its_own_polls),
		cmocka_unit_test(a_get_that_another_thread_brings_while_its_own_polls),
		cmocka_unit_test(records_are_made_while_the_background_leads),
	};

	return cmocka_run_group_tests_name("an engine's leader", tests, NULL, NULL);
}
