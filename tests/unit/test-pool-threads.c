/* SPDX-License-Identifier: BSD-2-Clause */
/* A pool under several threads at once. Threads count what went wrong; only
 * the test itself asserts. */
#include "pool_fixture.h"

#define WRITERS 2
#define ROUNDS  100
#define PAGES   32u

static struct pool *pool;
static _Atomic bool stop, claimed;
static _Atomic unsigned wrong, busy;

/* Put until fenced; once a newer claim has returned, entering is an error.
 * Each writer has every other page, so that no byte has two. */
static void *put_until_fenced(void *of)
{
	struct body *b = of;
	uint8_t data[PAGE_BYTES];
	uint64_t seed = (uintptr_t)b, mine = (uint64_t)atoi(b->m.client.peer);

	memset(data, 0xee, sizeof data);
	while (member_enter(&b->m) == 0) {
		uint64_t page = dice_below(&seed, PAGES / WRITERS) * WRITERS + mine;

		wrong += claimed;
		wrong += member_put(&b->m, PAGE(page), PAGE_BYTES, data) != 0;
		wrong += claimed;
		busy++;
		member_exit(&b->m);
	}
	return NULL;
}

static void *flush_until_fenced(void *of)
{
	struct body *b = of;
	uint64_t seed = (uintptr_t)b, offset;

	do {
		busy++;
		offset = PAGE(dice_below(&seed, PAGES));
	} while (member_discard(&b->m, &offset, PAGE(PAGES), 4) >= 0);
	return NULL;
}

static struct body *claim(void)
{
	struct body *b = body("a");
	char words[WORDS_MAX];

	assert_int_equal(member_claim(&b->m, pool, "a", false, words), 0);
	return b;
}

/* Rounds of: members write, a claim comes, the owner puts, the old members go
 * on trying. The owner's pages stay. */
TEST(nothing_of_an_older_epoch_lands_after_a_claim)
{
	struct pools *pools = lend(PAGES);

	pool = add(pools, "p", PAGES, false);
	wrong = 0;
	for (int round = 0; round < ROUNDS; round++) {
		struct body *b[WRITERS + 1], *owner;
		pthread_t thread[WRITERS + 1];

		claimed = false;
		busy = 0;
		b[WRITERS] = claim();
		for (int i = 0; i < WRITERS; i++) {
			b[i] = joined(b[WRITERS]);
			snprintf(b[i]->peer, sizeof b[i]->peer, "%d", i);
		}
		for (int i = 0; i <= WRITERS; i++)
			pthread_create(&thread[i], NULL,
			               i < WRITERS ? put_until_fenced : flush_until_fenced, b[i]);
		while (busy < 20)
			sched_yield();
		owner = claim();
		claimed = true;
		for (uint64_t page = 0; page < PAGES; page++)
			put(owner, page, page + 1);
		for (int i = 0; i <= WRITERS; i++) {
			pthread_join(thread[i], NULL);
			assert_int_equal(b[i]->fenced, 1);
			gone(b[i]);
		}
		for (uint64_t page = 0; page < PAGES; page++)
			expect(owner, page, page + 1);
		assert_int_equal(told(pool, "used="), PAGE(PAGES));
		gone(owner);
	}
	assert_int_equal(wrong, 0);
	lend_no_more(pools);
}

/* Every thread has its own byte of each page; that there is no room for it is
 * no error here. */
static void *put_and_flush(void *of)
{
	struct body *b = of;
	struct pools *pools = b->m.pool->pools;
	uint64_t seed = (uintptr_t)b, mine = (uint64_t)atoi(b->m.client.peer);
	uint8_t one = 1;

	for (int i = 0; i < 20000; i++) {
		uint64_t page = dice_below(&seed, PAGES), offset = PAGE(page);

		if (dice_below(&seed, 3)) {
			wrong += member_enter(&b->m) != 0;
			member_put(&b->m, offset + mine, 1, &one);
			wrong += atomic_load(&pools->granted_pages) > pools->lend_pages;
			member_exit(&b->m);
		} else {
			wrong += member_discard(&b->m, &offset, offset + PAGE(1 + i % 7), 7) < 0;
		}
	}
	return NULL;
}

/* Pages that race for the last of what is lent are counted right. */
TEST(accounts_balance)
{
	struct pools *pools = lend(PAGES / 2);
	struct body *b[3];
	pthread_t thread[COUNT(b)];
	uint64_t there = 0;

	pool = add(pools, "p", 2 * PAGES, true);
	wrong = 0;
	for (size_t i = 0; i < COUNT(b); i++) {
		b[i] = body(i == 0 ? "0" : i == 1 ? "1" : "2");
		member_join(&b[i]->m, pool);
		pthread_create(&thread[i], NULL, put_and_flush, b[i]);
	}
	for (size_t i = 0; i < COUNT(b); i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(wrong, 0);
	for (uint64_t page = 0; page < 2 * PAGES; page++)
		there += pool->store->ops->present(pool->store, page);
	assert_int_equal(atomic_load(&pool->used_pages), there);
	assert_int_equal(atomic_load(&pools->granted_pages), there);
	flush(b[0], 0, PAGE(2 * PAGES));
	assert_int_equal(atomic_load(&pools->granted_pages), 0);
	for (size_t i = 0; i < COUNT(b); i++)
		gone(b[i]);
	lend_no_more(pools);
}

static void *come_and_go(void *instance)
{
	char words[WORDS_MAX];

	while (!stop) {
		struct body *b = body("b");

		if (member_claim(&b->m, pool, instance, false, words) == 0 &&
		    member_enter(&b->m) == 0) {
			/* Nobody of another instance can be in at the same time. */
			wrong += strcmp(pool->instance, instance) != 0;
			busy++;
			member_exit(&b->m);
		}
		gone(b);
	}
	return NULL;
}

TEST(claims_from_all_sides)
{
	struct pools *pools = lend(PAGES);
	char names[3][2] = { "a", "b", "c" };
	pthread_t thread[3];
	uint64_t before;

	pool = add(pools, "p", PAGES, false);
	before = told(pool, "epoch=");
	stop = false;
	wrong = busy = 0;
	for (int i = 0; i < 3; i++)
		pthread_create(&thread[i], NULL, come_and_go, names[i]);
	while (busy < 3000)
		sched_yield();
	stop = true;
	for (int i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(wrong, 0);
	assert_true(told(pool, "epoch=") - before >= 3000);
	assert_true(pool_idle(pool));
	lend_no_more(pools);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_of_an_older_epoch_lands_after_a_claim),
		cmocka_unit_test(accounts_balance),
		cmocka_unit_test(claims_from_all_sides),
	};

	return cmocka_run_group_tests_name("a pool under threads", tests, NULL, NULL);
}
