/* SPDX-License-Identifier: BSD-2-Clause */
/* A store whose bytes are not at hand: what is read of it is answered later, in another turn of
 * the loop, or never, for the connection, the page or the claim is gone by then. The test is the
 * client, and says when the loop turns and when bytes come. */
#include "late_fixture.h"

TEST(the_reply_comes_when_the_bytes_do)
{
	int fd = waits_for_3("p");

	arrive(4);
	heard(fd);
	arrive(3);
	want_read(100, 3, 1);
	heard(fd);
	assert_int_equal(waiting(), 0);
	say_read(101, 3, 1); /* at hand now */
	want_read(101, 3, 1);
	go(fd);
	heard(fd);
	assert_int_equal(late->asked[3], 1);
	close(fd);
}

/* It is not asked again and again, and it costs no turn of the loop. */
TEST(who_waits_does_nothing)
{
	int fd = waits_for_3("p");

	assert_int_equal(late->asked[3], 1);
	turn();
	turn();
	assert_int_equal(late->asked[3], 1);
	const struct conn *c = LIST_FIRST(&loop->conns);
	assert_false(ev_is_active(&c->writable)); /* that would come round and round */
	assert_true(ev_is_active(&c->readable));
	assert_false(c->stuck);
	close(fd);
}

/* Their replies keep their order, and what is to be carried out is. */
TEST(requests_behind_it)
{
	int fd = waits_for_3("p");

	say_read(101, 10, 1);
	say_request(&said, 0, 1, 102, PAGE(5), PAGE_BYTES);
	say_bytes(&said, bytes_of(5), PAGE_BYTES);
	say_read(103, 5, 1);
	go(fd);
	heard(fd);
	assert_true(late_present(pool->store, 5));
	arrive(3);
	want_read(100, 3, 1);
	say_simple(&want, 0, 101);
	for (unsigned i = 0; i < PAGE_BYTES; i++)
		say(&want, 1, 0);
	say_simple(&want, 0, 102);
	heard(fd);
	assert_int_equal(waiting(), 1);
	arrive(5);
	want_read(103, 5, 1);
	heard(fd);
	close(fd);
}

TEST(some_of_a_read_is_at_hand)
{
	int fd = opened("p");

	put_pages(fd, 3, 4);
	arrive(3);
	arrive(4);
	arrive(6);
	say_read(100, 3, 4);
	say_read(101, 3, 1);
	go(fd);
	want_read(100, 3, 2);
	heard(fd);
	arrive(5);
	for (uint64_t page = 5; page < 7; page++)
		say_bytes(&want, bytes_of(page), PAGE_BYTES);
	want_read(101, 3, 1);
	heard(fd);
	close(fd);
}

TEST(the_connection_is_cut_meanwhile)
{
	int fd = waits_for_3("p");

	close(fd);
	turn();
	assert_true(LIST_EMPTY(&loop->conns));
	assert_int_equal(waiting(), 0);
	assert_true(pool_idle(pool));
	arrive(3);
	turn();
}

/* The call is on its way to the loop when the connection goes. */
TEST(the_connection_is_cut_when_they_come)
{
	int fd = waits_for_3("p");

	arrive(3);
	assert_false(TAILQ_EMPTY(&loop->calls));
	conn_free(LIST_FIRST(&loop->conns));
	assert_true(TAILQ_EMPTY(&loop->calls));
	turn();
	close(fd);
	late->here[3] = false;
	fd = waits_for_3("p?claim=a");
	arrive(3);
	loop_free(loop);
	loop = serve_new(ev_loop_new(EVFLAG_AUTO), &shared);
	assert_int_equal(waiting(), 0);
	close(fd);
}

TEST(another_claims_the_pool_meanwhile)
{
	int fd = waits_for_3("p?claim=a");
	struct body *b = body("claimer");
	char words[WORDS_MAX];

	assert_int_equal(member_claim(&b->m, pool, "a", false, words), 0);
	is_gone(fd);
	arrive(3);
	turn();
	gone(b);
}

TEST(the_page_is_dropped_meanwhile)
{
	int fd = waits_for_3("p");

	overdue(pools, 1);
	assert_int_equal(vacate_drop(pools, 10), 1);
	say_simple(&want, 5, 100);
	heard(fd);
	assert_int_equal(waiting(), 0);
	put_pages(fd, 3, 1);
	arrive(3);
	say_read(101, 3, 1);
	want_read(101, 3, 1);
	go(fd);
	heard(fd);
	close(fd);
}

/* Nobody can be told any more that the rest does not come. */
TEST(the_rest_of_a_read_is_dropped_meanwhile)
{
	int fd = opened("p");

	put_pages(fd, 3, 2);
	arrive(3);
	say_read(100, 3, 2);
	go(fd);
	want_read(100, 3, 1);
	heard(fd);
	overdue(pools, 1);
	assert_int_equal(vacate_drop(pools, 1), 1);
	is_gone(fd);
}

TEST(the_page_is_flushed_meanwhile)
{
	int fd = waits_for_3("p"), other = opened("p");

	say_request(&said, 0, 4, 7, PAGE(3), PAGE_BYTES);
	say_simple(&want, 0, 7);
	go(other);
	heard(other);
	say_simple(&want, 0, 100);
	for (unsigned i = 0; i < PAGE_BYTES; i++)
		say(&want, 1, 0);
	heard(fd);
	close(fd);
	close(other);
}

TEST(counting_pages_fetches_none)
{
	int fd = opened("p");

	put_pages(fd, 3, 2);
	vacate_ask(pools, 1);
	assert_int_equal(vacate_asked(pools), 1);
	assert_int_equal(late->asked[3] + late->asked[4], 0);
	close(fd);
}

static void *arrive_elsewhere(void *page)
{
	arrive((uintptr_t)page);
	return NULL;
}

TEST(they_come_in_another_thread)
{
	int fd = opened("p");

	for (uint64_t page = 0; page < PAGES; page += 8)
		put_pages(fd, page, 8);
	for (uintptr_t page = 0; page < PAGES; page++) {
		pthread_t thread;
		uint8_t got[16 + PAGE_BYTES];
		ssize_t n;

		assert_int_equal(pthread_create(&thread, NULL, arrive_elsewhere, (void *)page), 0);
		say_read(page, page, 1);
		assert_int_equal(send(fd, said.byte, said.len, MSG_NOSIGNAL), said.len);
		said.len = 0;
		while ((n = recv(fd, got, sizeof got, 0)) < 0)
			ev_run(loop->ev, EVRUN_NOWAIT);
		assert_int_equal(n, sizeof got);
		assert_memory_equal(got + 16, bytes_of(page), PAGE_BYTES);
		pthread_join(thread, NULL);
	}
	close(fd);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(the_reply_comes_when_the_bytes_do),
		T(who_waits_does_nothing),
		T(requests_behind_it),
		T(some_of_a_read_is_at_hand),
		T(the_connection_is_cut_meanwhile),
		T(the_connection_is_cut_when_they_come),
		T(another_claims_the_pool_meanwhile),
		T(the_page_is_dropped_meanwhile),
		T(the_rest_of_a_read_is_dropped_meanwhile),
		T(the_page_is_flushed_meanwhile),
		T(counting_pages_fetches_none),
		T(they_come_in_another_thread),
	};

	return cmocka_run_group_tests_name("a store that answers later", tests, NULL, NULL);
}
