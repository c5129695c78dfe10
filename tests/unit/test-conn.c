/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection on a loop: what the kernel's buffers hold when it is cut, when
 * it is fenced, and when its client is slow. One thread; the test is the
 * client, and says when the loop turns. */
#include "pool_fixture.h"
#include "wire.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conn.h"
#include "log.h"
#include "serve.h"

#define PAGES 256u

static struct pools *pools;
static struct limits limits;
static struct budget budget;
static struct shared shared = { .limits = &limits, .budget = &budget };
static struct loop *loop;

static int setup(void **state)
{
	(void)state;
	log_level = LOG_ERROR;
	pools = lend(PAGES);
	add(pools, "p", PAGES, false);
	limits_init(&limits, 100, 100, 100);
	shared.backend = door_to(pools);
	loop = serve_new(ev_loop_new(EVFLAG_AUTO), &shared);
	return loop ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	loop_free(loop);
	assert_int_equal(limits.slots, 0);
	limits_free(&limits);
	lend_no_more(pools);
	return 0;
}

/* Until nothing more is to be done now. */
static void turn(void)
{
	for (int i = 0; i < 50; i++)
		ev_run(loop->ev, EVRUN_NOWAIT);
}

static unsigned connections(void)
{
	struct conn *c;
	unsigned n = 0;

	LIST_FOREACH(c, &loop->conns, link)
		n++;
	return n;
}

/* A client's end of a connection, after the greeting. */
static int dial(void)
{
	int fd[2];
	uint8_t greeting[18];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	loop_adopt(loop, (struct accepted){ fd[0], limits_enter(&limits, fd[0], "here") });
	turn();
	assert_int_equal(recv(fd[1], greeting, sizeof greeting, 0), 18);
	return fd[1];
}

static void send_all(int fd, const struct wire *w)
{
	assert_int_equal(send(fd, w->byte, w->len, MSG_NOSIGNAL), w->len);
}

/* A connection to pool NAME, in its transmission phase. */
static int open_pool(const char *name)
{
	int fd = dial();
	uint8_t info[200];
	struct wire w = {0};

	say(&w, 4, 3);
	say_open(&w, 7, name, 0, NULL);
	send_all(fd, &w);
	wire_free(&w);
	turn();
	assert_int_equal(recv(fd, info, sizeof info, 0), 32 + 34 + 20);
	return fd;
}

/* All that there is to read now; -1 after it when the other end hung up. */
static ssize_t receive(int fd, struct wire *got)
{
	uint8_t block[65536];
	ssize_t n;

	got->len = 0;
	for (;;) {
		turn();
		n = recv(fd, block, sizeof block, 0);
		if (n <= 0)
			break;
		say_bytes(got, block, (size_t)n);
	}
	return n == 0 || errno != EAGAIN ? -1 : (ssize_t)got->len;
}

static void is_gone(int fd, unsigned left)
{
	struct wire got = {0};

	assert_int_equal(receive(fd, &got), -1);
	assert_int_equal(got.len, 0);
	assert_int_equal(connections(), left);
	wire_free(&got);
	close(fd);
}

static void say_put(struct wire *w, uint64_t page, uint64_t n, uint64_t tag)
{
	uint8_t data[PAGE_BYTES];

	fill(data, sizeof data, tag);
	say_request(w, 0, 1, page, PAGE(page), (uint32_t)PAGE(n));
	for (uint64_t i = 0; i < n; i++)
		say_bytes(w, data, sizeof data);
}

static bool present(uint64_t page)
{
	struct store *store = pool_find(pools, "p")->store;

	return store->ops->present(store, page);
}

TEST(a_page_there_and_back)
{
	int fd = open_pool("p");
	struct wire w = {0}, want = {0}, got = {0};

	say_put(&w, 5, 1, 1);
	say_request(&w, 0, 0, 99, PAGE(5), PAGE_BYTES);
	send_all(fd, &w);
	say_simple(&want, 0, 5);
	say_simple(&want, 0, 99);
	say_bytes(&want, w.byte + 28, PAGE_BYTES);
	assert_int_equal(receive(fd, &got), want.len);
	assert_memory_equal(got.byte, want.byte, want.len);
	close(fd);
	turn();
	assert_int_equal(connections(), 0);
	wire_free(&w), wire_free(&want), wire_free(&got);
}

TEST(byte_by_byte)
{
	int fd = open_pool("p");
	struct wire w = {0}, got = {0};

	say_put(&w, 5, 2, 1);
	for (size_t i = 0; i < w.len; i++) {
		assert_int_equal(send(fd, w.byte + i, 1, 0), 1);
		ev_run(loop->ev, EVRUN_NOWAIT);
		assert_int_equal(present(5), i >= 28 + PAGE_BYTES - 1);
		assert_int_equal(present(6), i >= 28 + 2 * PAGE_BYTES - 1);
	}
	assert_int_equal(receive(fd, &got), 16);
	close(fd);
	wire_free(&w), wire_free(&got);
}

TEST(cut_in_the_middle_of_a_page)
{
	int fd = open_pool("p");
	struct wire w = {0};

	say_put(&w, 5, 2, 1);
	w.len -= 1000;
	send_all(fd, &w);
	close(fd);
	turn();
	assert_int_equal(connections(), 0);
	assert_true(present(5));
	assert_false(present(6));
	wire_free(&w);
}

/* The older connection's requests lie in the socket, all of them or in part,
 * when a newer claim is answered: they are never carried out. */
TEST(what_a_fenced_connection_had_sent_is_not_carried_out)
{
	const size_t parts[] = { 0, 10, 28, 29, 28 + PAGE_BYTES / 2, 28 + PAGE_BYTES - 1 };

	for (size_t i = 0; i < COUNT(parts); i++) {
		int old = open_pool("p?claim=a"), new;
		size_t before = parts[i];
		struct wire w = {0};

		say_put(&w, 9, 3, 1);
		if (before) { /* some of it has been read already, and is kept */
			assert_int_equal(send(old, w.byte, before, 0), before);
			turn();
		}
		assert_int_equal(send(old, w.byte + before, w.len - before, 0), w.len - before);
		/* The loop does not turn: another one answers the claim. */
		struct body *claimer = body("claimer");
		char words[WORDS_MAX];
		assert_int_equal(member_claim(&claimer->m, pool_find(pools, "p"), "a", false, words), 0);
		turn();
		assert_false(present(9));
		assert_false(present(10));
		assert_false(present(11));
		is_gone(old, 0);
		gone(claimer);
		new = open_pool("p?claim=a");
		assert_false(present(9));
		close(new);
		turn();
		wire_free(&w);
	}
}

/* The same when it is this loop that answers the claim: the write was carried
 * out before it, or it never is. */
TEST(a_claim_and_an_older_write_at_the_same_time)
{
	for (int round = 0; round < 20; round++) {
		int old = open_pool("p?claim=a"), new = dial();
		struct pollfd answer = { .fd = new, .events = POLLIN };
		struct wire w = {0}, claim = {0};

		say_put(&w, (uint64_t)round, 1, 1);
		say(&claim, 4, 3);
		say_open(&claim, 7, "p?claim=a", 0, NULL);
		send_all(round % 2 ? old : new, round % 2 ? &w : &claim);
		send_all(round % 2 ? new : old, round % 2 ? &claim : &w);
		while (poll(&answer, 1, 0) == 0)
			ev_run(loop->ev, EVRUN_NOWAIT);
		bool there = present((uint64_t)round);
		turn();
		assert_int_equal(present((uint64_t)round), there);
		close(old);
		close(new);
		turn();
		wire_free(&w), wire_free(&claim);
	}
}

/* It had replies coming: none of them shows what the newer owner put. */
TEST(a_fenced_connection_reads_nothing_new)
{
	int old = open_pool("p?claim=a");
	struct body *claimer = body("claimer");
	char words[WORDS_MAX];
	struct wire w = {0}, got = {0};

	for (uint64_t i = 0; i < 100; i++)
		say_request(&w, 0, 0, i, 0, PAGE(PAGES)); /* 100 MiB: they do not fit */
	send_all(old, &w);
	turn();
	assert_int_equal(member_claim(&claimer->m, pool_find(pools, "p"), "a", false, words), 0);
	for (uint64_t page = 0; page < PAGES; page++)
		put(claimer, page, 1);
	assert_int_equal(receive(old, &got), -1);
	assert_true(got.len > 0 && got.len < PAGE(PAGES));
	for (size_t i = 16; i < got.len; i++)
		assert_int_equal(got.byte[i], 0);
	assert_int_equal(connections(), 0);
	close(old);
	gone(claimer);
	wire_free(&w), wire_free(&got);
}

/* Requests go on being read while their replies wait for a client that does
 * not take them; in the end it has them all. */
TEST(a_client_that_is_slow_to_take_its_replies)
{
	int fd = open_pool("p");
	struct wire w = {0}, got = {0}, all = {0};

	for (uint64_t page = 0; page < PAGES; page++)
		say_put(&w, page, 1, page + 1);
	for (uint64_t i = 0; i < PAGES; i++)
		say_request(&w, 0, 0, i, PAGE(i), PAGE_BYTES);
	for (size_t at = 0; at < w.len; ) {
		ssize_t n = send(fd, w.byte + at, w.len - at, 0);

		assert_true(n > 0);
		at += (size_t)n;
		turn();
	}
	while (receive(fd, &got) > 0)
		say_bytes(&all, got.byte, got.len);
	assert_int_equal(all.len, PAGES * 16 + PAGES * (16 + PAGE_BYTES));
	for (uint64_t i = 0; i < PAGES; i++)
		assert_memory_equal(all.byte + PAGES * 16 + i * (16 + PAGE_BYTES) + 16,
		                    w.byte + i * (28 + PAGE_BYTES) + 28, PAGE_BYTES);
	close(fd);
	wire_free(&w), wire_free(&got), wire_free(&all);
}

TEST(disc_hangs_up_when_all_is_sent)
{
	int fd = open_pool("p");
	struct wire w = {0}, got = {0};

	say_request(&w, 0, 0, 1, 0, PAGE(PAGES));
	say_request(&w, 0, 2, 2, 0, 0);
	say_put(&w, 1, 1, 1); /* too late */
	send_all(fd, &w);
	assert_int_equal(receive(fd, &got), -1);
	assert_int_equal(got.len, 16 + PAGE(PAGES));
	assert_false(present(1));
	assert_int_equal(connections(), 0);
	close(fd);
	wire_free(&w), wire_free(&got);
}

TEST(noise_is_hung_up_on)
{
	const char noise[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
	int fd = dial();

	assert_int_equal(send(fd, noise, sizeof noise, 0), sizeof noise);
	is_gone(fd, 0);
	fd = open_pool("p");
	assert_int_equal(send(fd, noise, sizeof noise, 0), sizeof noise);
	is_gone(fd, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_page_there_and_back),
		T(byte_by_byte),
		T(cut_in_the_middle_of_a_page),
		T(what_a_fenced_connection_had_sent_is_not_carried_out),
		T(a_claim_and_an_older_write_at_the_same_time),
		T(a_fenced_connection_reads_nothing_new),
		T(a_client_that_is_slow_to_take_its_replies),
		T(disc_hangs_up_when_all_is_sent),
		T(noise_is_hung_up_on),
	};

	return cmocka_run_group_tests_name("connection", tests, NULL, NULL);
}
