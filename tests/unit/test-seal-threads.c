/* SPDX-License-Identifier: BSD-2-Clause */
/* One seal, several threads, a sealer each. */
#include "seal_fixture.h"

#include <pthread.h>
#include <stdlib.h>

#define THREADS 4
#define PAGES   2000u

struct one {
	struct seal *seal;
	uint64_t number, version[PAGES];
	unsigned wrong;
};

/* Threads count what went wrong; only the test itself asserts. */
static void *seal_and_open(void *of)
{
	struct one *me = of;
	struct sealer *sealer = sealer_open(me->seal);
	uint8_t data[PAGE_BYTES], out[PAGE_BYTES], back[PAGE_BYTES];

	fill(data, sizeof data, me->number);
	for (uint64_t i = 0; i < PAGES; i++) {
		struct record r = { .version = seal_version(me->seal) & VERSION_MAX };
		uint64_t page = me->number * PAGES + i;

		me->version[i] = r.version;
		memcpy(data, &page, sizeof page);
		me->wrong += sealer_seal(sealer, page, &r, data, out) != 0;
		me->wrong += sealer_open_page(sealer, page, &r, out, back) != 0;
		me->wrong += memcmp(back, data, sizeof back) != 0;
		out[i] ^= 1;
		me->wrong += sealer_open_page(sealer, page, &r, out, back) != -1;
	}
	sealer_close(sealer);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void side_by_side(enum seal_kind kind)
{
	static struct one one[THREADS];
	static uint64_t all[THREADS * PAGES];
	pthread_t thread[THREADS];
	struct seal *seal;

	if (!built_in(kind))
		skip();
	seal = seal_open(kind);
	for (unsigned i = 0; i < THREADS; i++) {
		one[i] = (struct one){ .seal = seal, .number = i };
		assert_int_equal(pthread_create(&thread[i], NULL, seal_and_open, &one[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		assert_int_equal(one[i].wrong, 0);
		memcpy(all + i * PAGES, one[i].version, sizeof one[i].version);
	}
	/* Each version once, and none left out. */
	qsort(all, COUNT(all), sizeof *all, compare);
	for (uint64_t i = 0; i < COUNT(all); i++)
		assert_int_equal(all[i], i + 1);
	seal_close(seal);
}

TEST(encrypting)
{
	side_by_side(SEAL_ENCRYPT);
}

TEST(checking)
{
	side_by_side(SEAL_CHECK);
}

/* Threads that do nothing else, up to the last version: each comes once, and none
 * pushes another over the end. */
#define TAKES 1000000u
#define LEFT  (THREADS * TAKES / 2)

static _Atomic uint8_t taken[LEFT];
static _Atomic unsigned refused, wrong;
static pthread_barrier_t start;

static void *take(void *of)
{
	pthread_barrier_wait(&start);
	for (unsigned i = 0; i < TAKES; i++) {
		uint64_t v = seal_version(of);

		if (v == 0)
			refused++;
		else
			wrong += VERSION_MAX - v >= LEFT || taken[VERSION_MAX - v]++ != 0;
	}
	return NULL;
}

TEST(the_last_versions)
{
	pthread_t thread[THREADS];
	struct seal *seal = seal_open(SEAL_OFF);

	seal->version = VERSION_MAX - LEFT + 1;
	pthread_barrier_init(&start, NULL, THREADS);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, take, seal), 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(wrong, 0);
	assert_int_equal(refused, THREADS * TAKES - LEFT);
	pthread_barrier_destroy(&start);
	seal_close(seal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encrypting),
		cmocka_unit_test(checking),
		cmocka_unit_test(the_last_versions),
	};

	return cmocka_run_group_tests_name("seal, threads", tests, NULL, NULL);
}
