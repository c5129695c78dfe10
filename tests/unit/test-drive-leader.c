/* SPDX-License-Identifier: BSD-2-Clause */
/* A thread is chosen to lead while it sleeps, and before it has woken another one
 * carries its operation to an end: somebody must lead all the same. */
#include "fakelink.h"

#include <semaphore.h>
#include <time.h>

#include "drive.h"

static struct drive d;
static struct fake *f;
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

static int run(enum op_kind kind, uint64_t page, uint64_t pages, uint8_t *data)
{
	struct op op = { .kind = kind, .page = page, .pages = pages, .data = data };

	return drive_run(&d, &op);
}

static void *get_in_thread(void *page)
{
	uint8_t data[PAGE_BYTES];

	return (void *)(intptr_t)run(OP_GET, (uintptr_t)page, 1, data);
}

static void wait_for_waiters(void)
{
	for (bool there = false; !there; usleep(100)) {
		pthread_mutex_lock(&d.lock);
		there = d.leader && !TAILQ_EMPTY(&d.waiters);
		pthread_mutex_unlock(&d.lock);
	}
}

TEST(a_leader_whose_operation_is_over_when_it_wakes)
{
	uint8_t data[8 * PAGE_BYTES] = {0};
	pthread_t a, b;

	f = fake_link(1);
	assert_int_equal(drive_open(&d, &f->link, 5000), 0);
	assert_int_equal(drive_begin(&d, FAKE_PAGES, PAGE_ABSENT, 600, 100000), 0);
	assert_int_equal(run(OP_PUT, 0, 8, data), 0);
	pthread_mutex_lock(&d.lock);
	fake_break(f);
	f->stays_away = 1;
	pthread_mutex_unlock(&d.lock);
	pthread_create(&a, NULL, get_in_thread, (void *)1);
	usleep(300000); /* so that its time is over first */
	pthread_create(&b, NULL, get_in_thread, (void *)2);
	wait_for_waiters();
	hold = true;
	pthread_join(a, NULL); /* and b is to lead, but sleeps on */
	usleep(1100000);
	pthread_mutex_lock(&d.lock);
	f->stays_away = 0;
	f->forgets = f->at_once = 1;
	pthread_mutex_unlock(&d.lock);
	run(OP_PUT, 3, 1, data); /* connects, and so decides b's */
	hold = false;
	pthread_join(b, NULL);
	assert_null(d.leader);
	f->at_once = 0;
	assert_int_equal(run(OP_PUT, 4, 1, data), 0);
	drive_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_leader_whose_operation_is_over_when_it_wakes),
	};

	return cmocka_run_group_tests_name("a drive's leader", tests, NULL, NULL);
}
