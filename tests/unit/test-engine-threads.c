/* SPDX-License-Identifier: BSD-2-Clause */
/* Many threads on one engine. Each has pages of its own, of which it knows what
 * they hold, and all of them share some, for which they wait for each other. */
#include "engine_fixture.h"

#define THREADS 8u
#define OWN     12u                     /* pages */
#define SHARED  (FAKE_PAGES - THREADS * OWN)

static unsigned rounds, links;
static bool may_lose; /* lenders may forget their pages */
static _Atomic unsigned wrong, lost, done;
static unsigned broke, closed; /* how often links did, in the end */

static int count(enum op_kind kind, uint64_t page, uint32_t pages, uint8_t *data)
{
	int error = run(kind, page, pages, data);

	done++;
	return error;
}

/* Pages of all threads: what is read is some page, wholly. */
static void touch_shared(uint64_t *seed, uint8_t *data)
{
	uint32_t pages = 1 + (uint32_t)dice_below(seed, 3);
	uint64_t page = THREADS * OWN + dice_below(seed, SHARED - pages + 1), value;
	enum op_kind kind = some_kind(seed);
	int error;

	for (uint32_t i = 0; i < pages; i++)
		set_page(data + i * PAGE_BYTES, dice(seed));
	error = count(kind, page, pages, data);
	wrong += error && (kind != OP_GET || !may_lose);
	for (uint32_t i = 0; !error && i < pages; i++) {
		memcpy(&value, data + i * PAGE_BYTES, sizeof value);
		wrong += !is_page(data + i * PAGE_BYTES, value);
	}
}

/* One page of its own: exactly what was put, or, once lost, nothing at all. */
static void touch_own(uint64_t *seed, uint64_t page, uint64_t *value, bool *is_lost,
                      uint8_t *data)
{
	enum op_kind kind = some_kind(seed);
	uint64_t new = dice(seed);
	int error;

	set_page(data, kind == OP_PUT ? new : 1);
	error = count(kind, page, 1, data);
	if (kind == OP_GET && error) {
		wrong += !may_lose || error != EIO;
		lost++;
		*is_lost = true;
	} else if (kind == OP_GET) {
		wrong += *is_lost || !is_page(data, *value);
	} else {
		wrong += error != 0;
		*value = kind == OP_PUT ? new : 0;
		*is_lost = false;
	}
}

static void *hammer(void *number)
{
	uint64_t me = (uintptr_t)number, seed = me, value[OWN] = {0};
	bool is_lost[OWN] = {0};
	uint8_t data[3 * PAGE_BYTES];

	for (unsigned i = 0; i < rounds; i++) {
		uint64_t page = dice_below(&seed, OWN);

		if (dice_below(&seed, 4) == 0)
			touch_shared(&seed, data);
		else
			touch_own(&seed, me * OWN + page, &value[page], &is_lost[page], data);
	}
	return NULL;
}

static void behave(const struct fake *how)
{
	pthread_mutex_lock(&e.lock);
	for (unsigned link_no = 0; link_no < links; link_no++) {
		fake[link_no]->breaks = how->breaks;
		fake[link_no]->stays_away = how->stays_away;
		fake[link_no]->forgets = how->forgets;
		fake[link_no]->hangs = how->hangs;
		fake[link_no]->at_once = how->at_once;
	}
	pthread_mutex_unlock(&e.lock);
}

static void all_hammer(unsigned n, struct fake how, unsigned times, int64_t link_timeout_ms)
{
	pthread_t thread[THREADS];

	links = n;
	open_drive(links, how.seed, (struct core_options){
		.deadline_ms = 30000, .link_timeout_ms = link_timeout_ms });
	behave(&how);
	may_lose = how.forgets != 0;
	wrong = lost = done = broke = closed = 0;
	rounds = times;
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, hammer, (void *)i), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(wrong, 0);
	assert_int_equal(done, THREADS * times);
	pthread_mutex_lock(&e.lock); /* the background thread goes on */
	assert_true(TAILQ_EMPTY(&e.waiters));
	for (unsigned link_no = 0; link_no < links; link_no++) {
		broke += fake[link_no]->broke;
		closed += fake[link_no]->closes;
	}
	pthread_mutex_unlock(&e.lock);
	close_drive();
}

TEST(on_good_links)
{
	for (unsigned n = 1; n < 4; n++)
		all_hammer(n, (struct fake){ .seed = n }, 700, 30000);
}

TEST(on_links_that_answer_some_at_once)
{
	for (unsigned n = 1; n < 4; n++)
		all_hammer(n, (struct fake){ .seed = 10 + n, .at_once = 3 }, 700, 30000);
}

/* Nothing fails, and nobody sleeps through a break: a leader who polls a
 * descriptor that is gone would sleep for as long as an operation may last. */
TEST(on_links_that_break)
{
	for (unsigned n = 1; n < 4; n++) {
		all_hammer(n, (struct fake){ .seed = 20 + n, .breaks = 50, .stays_away = 4 }, 200,
		           30000);
		assert_true(broke > 0);
	}
}

TEST(on_links_that_hang)
{
	for (unsigned n = 1; n < 4; n++) {
		all_hammer(n, (struct fake){ .seed = 30 + n, .hangs = 30 }, 150, 40);
		assert_true(closed > 0);
	}
}

TEST(on_links_that_forget)
{
	for (unsigned n = 1; n < 3; n++)
		all_hammer(n, (struct fake){ .seed = 40 + n, .breaks = 50, .forgets = 2,
		                             .at_once = 4 }, 200, 30000);
}

TEST(on_links_that_do_all_of_this)
{
	for (unsigned n = 1; n < 4; n++)
		all_hammer(n, (struct fake){ .seed = 50 + n, .breaks = 60, .stays_away = 5,
		                             .forgets = 5, .hangs = 50, .at_once = 10 }, 150, 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_good_links),
		cmocka_unit_test(on_links_that_answer_some_at_once),
		cmocka_unit_test(on_links_that_break),
		cmocka_unit_test(on_links_that_hang),
		cmocka_unit_test(on_links_that_forget),
		cmocka_unit_test(on_links_that_do_all_of_this),
	};

	return cmocka_run_group_tests_name("an engine under threads", tests, NULL, NULL);
}
