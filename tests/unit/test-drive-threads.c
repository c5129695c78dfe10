/* SPDX-License-Identifier: BSD-2-Clause */
/* Many threads on one drive. Each has pages of its own, of which it knows what
 * they hold, and all of them share some, for which they wait for each other. */
#include "fakelink.h"

#include <errno.h>

#include "drive.h"

#define THREADS 8u
#define OWN     12u                     /* pages */
#define SHARED  (FAKE_PAGES - THREADS * OWN)

static struct drive d;
static struct fake *f;
static unsigned rounds;
static bool may_lose; /* the lender may forget its pages */
static _Atomic unsigned wrong, lost, done;
static unsigned broke, closed; /* how often the link did, in the end */

static void set_page(uint8_t *page, uint64_t value)
{
	for (size_t at = 0; at < PAGE_BYTES; at += sizeof value)
		memcpy(page + at, &value, sizeof value);
}

static bool is_page(const uint8_t *page, uint64_t value)
{
	return memcmp(page, &value, sizeof value) == 0 &&
	       memcmp(page, page + sizeof value, PAGE_BYTES - sizeof value) == 0;
}

static int run(enum op_kind kind, uint64_t page, uint64_t pages, uint8_t *data)
{
	struct op op = { .kind = kind, .page = page, .pages = pages, .data = data };
	int r = drive_run(&d, &op);

	done++;
	return r;
}

/* Pages of all threads: what is read is some page, wholly. */
static void touch_shared(uint64_t *seed, uint8_t *data)
{
	uint64_t pages = 1 + dice_below(seed, 3), value;
	uint64_t page = THREADS * OWN + dice_below(seed, SHARED - pages + 1);
	enum op_kind kind = (enum op_kind)dice_below(seed, 3);
	int r;

	for (uint64_t i = 0; i < pages; i++)
		set_page(data + i * PAGE_BYTES, dice(seed));
	r = run(kind, page, pages, data);
	wrong += r < 0 && (kind != OP_GET || !may_lose);
	for (uint64_t i = 0; r == 0 && i < pages; i++) {
		memcpy(&value, data + i * PAGE_BYTES, sizeof value);
		wrong += !is_page(data + i * PAGE_BYTES, value);
	}
}

/* One page of its own: exactly what was put, or, once lost, nothing at all. */
static void touch_own(uint64_t *seed, uint64_t page, uint64_t *value, bool *is_lost,
                      uint8_t *data)
{
	static const enum op_kind kinds[] = { OP_PUT, OP_PUT, OP_GET, OP_GET, OP_GET, OP_FLUSH };
	enum op_kind kind = kinds[dice_below(seed, COUNT(kinds))];
	uint64_t new = dice(seed);
	int r;

	set_page(data, kind == OP_PUT ? new : 1);
	r = run(kind, page, 1, data);
	if (kind == OP_GET && r < 0) {
		wrong += !may_lose || errno != EIO;
		lost++;
		*is_lost = true;
	} else if (kind == OP_GET) {
		wrong += *is_lost || !is_page(data, *value);
	} else {
		wrong += r < 0;
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

static void all_hammer(struct fake behaviour, unsigned n, int64_t link_timeout_ms)
{
	pthread_t thread[THREADS];

	memset(&d, 0, sizeof d);
	f = fake_link(behaviour.seed);
	assert_int_equal(drive_open(&d, &f->link, 5000), 0);
	assert_int_equal(drive_begin(&d, FAKE_PAGES, PAGE_ABSENT, 30000, link_timeout_ms), 0);
	f->breaks = behaviour.breaks;
	f->stays_away = behaviour.stays_away;
	f->forgets = behaviour.forgets;
	f->hangs = behaviour.hangs;
	f->at_once = behaviour.at_once;
	may_lose = f->forgets != 0;
	wrong = lost = done = 0;
	rounds = n;
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, hammer, (void *)i), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(wrong, 0);
	assert_int_equal(done, THREADS * n);
	assert_null(d.leader);
	assert_true(TAILQ_EMPTY(&d.waiters));
	broke = f->broke;
	closed = f->closes;
	drive_close(&d);
}

TEST(on_a_good_link)
{
	all_hammer((struct fake){ .seed = 1 }, 1500, 30000);
}

TEST(on_a_link_that_answers_some_at_once)
{
	all_hammer((struct fake){ .seed = 2, .at_once = 3 }, 1500, 30000);
}

/* Nothing fails, and nobody sleeps through a break: a leader who polls a
 * descriptor that is gone would sleep for as long as an operation may last. */
TEST(on_a_link_that_breaks)
{
	all_hammer((struct fake){ .seed = 3, .breaks = 50, .stays_away = 4 }, 200, 30000);
	assert_true(broke > 0);
}

TEST(on_a_link_that_hangs)
{
	all_hammer((struct fake){ .seed = 4, .hangs = 30 }, 200, 40);
	assert_true(closed > 0);
}

TEST(on_a_link_that_forgets)
{
	all_hammer((struct fake){ .seed = 5, .breaks = 50, .forgets = 2, .at_once = 4 }, 200,
	           30000);
	assert_true(lost > 0);
}

TEST(on_a_link_that_does_all_of_this)
{
	all_hammer((struct fake){ .seed = 6, .breaks = 60, .stays_away = 5, .forgets = 5,
	                          .hangs = 50, .at_once = 10 }, 250, 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_a_good_link),
		cmocka_unit_test(on_a_link_that_answers_some_at_once),
		cmocka_unit_test(on_a_link_that_breaks),
		cmocka_unit_test(on_a_link_that_hangs),
		cmocka_unit_test(on_a_link_that_forgets),
		cmocka_unit_test(on_a_link_that_does_all_of_this),
	};

	return cmocka_run_group_tests_name("a drive under threads", tests, NULL, NULL);
}
