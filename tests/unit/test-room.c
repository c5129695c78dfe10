/* SPDX-License-Identifier: BSD-2-Clause */
/* What may be put beside what this host is to have free: never more, however fast it
 * comes. The host is a file that the test writes. */
#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "room.h"
#include "store.h"

#define MIB  (UINT64_C(1) << 20)
#define KEEP (100 * MIB)

static int meminfo;
static struct gauge gauge;
static struct room room;
static struct gauge_seen seen;

/* That much is available. Always as long, so that nobody reads half of it. */
static void host(uint64_t bytes)
{
	char text[64];
	int n = snprintf(text, sizeof text, "MemTotal: 1048576 kB\nMemAvailable: %10lu kB\n",
	                 (unsigned long)(bytes >> 10));

	assert_int_equal(pwrite(meminfo, text, (size_t)n, 0), n);
}

static int setup(void **state)
{
	char path[] = "/tmp/farpage-room-XXXXXX";

	(void)state;
	meminfo = mkstemp(path);
	assert_true(meminfo >= 0);
	unlink(path);
	gauge = (struct gauge){ .meminfo = meminfo, .overcommit = -1, .psi = { -1, -1 },
	                        .trigger = { -1, -1 } };
	room_init(&room);
	room_set_gauge(&room, &gauge);
	room_set_keep(&room, KEEP);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close(meminfo);
	return 0;
}

static uint64_t takes(uint64_t most)
{
	uint64_t n = 0;

	while (n < most && room_take(&room))
		n++;
	return n;
}

TEST(what_there_is_and_no_page_more)
{
	host(KEEP + 8 * MIB);
	room_look(&room, &seen);
	assert_int_equal(takes(2048), 2048);
	assert_false(room_refused(&room));
	host(KEEP);
	assert_int_equal(takes(1), 0);
	assert_true(room_refused(&room));
	assert_false(room_refused(&room));
	host(KEEP - 50 * MIB);
	assert_int_equal(takes(1), 0);
	room_look(&room, &seen);
	assert_int_equal(takes(1), 0);
}

/* Between two looks of whoever looks: the one that needs it looks itself. */
TEST(it_is_looked_at_anew_when_it_is_used_up)
{
	host(KEEP);
	room_look(&room, &seen);
	assert_int_equal(takes(1), 0);
	usleep(20000); /* not before */
	host(KEEP + 4 * MIB);
	assert_int_equal(takes(1024), 1024);
	host(KEEP);
	assert_int_equal(takes(1), 0);
}

/* Others take memory meanwhile: of much only a part may be put before the next look. */
TEST(of_much_a_part)
{
	host(KEEP + 1024 * MIB);
	room_look(&room, &seen);
	host(KEEP);
	assert_int_equal(takes(UINT64_MAX), 256 * MIB / PAGE_BYTES);
}

TEST(no_bound)
{
	host(0);
	room_set_keep(&room, 0);
	room_look(&room, &seen);
	assert_int_equal(takes(100000), 100000);
	room_set_keep(&room, KEEP);
	room_look(&room, &seen);
	assert_int_equal(takes(1), 0);
	room_set_gauge(&room, NULL);
	assert_int_equal(takes(100000), 100000);
	assert_false(ftruncate(meminfo, 0));
	room_set_gauge(&room, &gauge); /* which nobody can read now */
	room_look(&room, &seen);
	assert_int_equal(takes(100000), 100000);
}

#define THREADS 8
#define SLOW    256 /* pages that the host is behind with what it tells */

static _Atomic uint64_t taken;
static pthread_mutex_t telling = PTHREAD_MUTEX_INITIALIZER;

static void *take_all(void *start)
{
	while (room_take(&room)) {
		if (atomic_fetch_add(&taken, 1) % SLOW)
			continue;
		pthread_mutex_lock(&telling);
		uint64_t put = atomic_load(&taken) * PAGE_BYTES;
		host(put < *(uint64_t *)start ? *(uint64_t *)start - put : 0);
		pthread_mutex_unlock(&telling);
	}
	return NULL;
}

TEST(many_threads_take_no_more_than_one)
{
	uint64_t start = KEEP + 40 * MIB;
	pthread_t thread[THREADS];

	host(start);
	room_look(&room, &seen);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, take_all, &start), 0);
	for (int i = 0; i < 1000; i++)
		room_look(&room, &seen);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	assert_in_range(atomic_load(&taken), 40 * MIB / PAGE_BYTES - 64,
	                40 * MIB / PAGE_BYTES + SLOW + 2 * THREADS);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(what_there_is_and_no_page_more),
		T(it_is_looked_at_anew_when_it_is_used_up),
		T(of_much_a_part),
		T(no_bound),
		T(many_threads_take_no_more_than_one),
	};

	return cmocka_run_group_tests_name("room", tests, NULL, NULL);
}
