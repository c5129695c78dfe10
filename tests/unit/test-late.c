/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests that are answered later, in any order. */
#include "later_fixture.h"

TEST(answers_in_any_order)
{
	int fd = opened(false);

	for (unsigned i = 0; i < 4; i++)
		say_request(&said, 0, READ, i, i * PAGE_BYTES + 5, 100);
	tell(fd);
	heard(fd);
	assert_int_equal(memory.outs, 4);
	answer(2, 0);
	say_simple(&want, 0, 2);
	want_data(2 * PAGE_BYTES + 5, 100);
	heard(fd);
	answer(2, EIO);
	answer(0, 0);
	say_simple(&want, NBD_EIO, 3);
	say_simple(&want, 0, 0);
	want_data(5, 100);
	heard(fd);
	/* What asks nothing of the backend does not wait. */
	say_request(&said, 0, FLUSH, 9, 0, 0);
	say_request(&said, 0, READ, 10, SIZE, 1);
	tell(fd);
	say_simple(&want, 0, 9);
	say_simple(&want, NBD_EINVAL, 10);
	heard(fd);
	close(fd);
}

TEST(answers_at_once)
{
	uint8_t data[3 * PAGE_BYTES];
	int fd = opened(false);

	memory.at_once = true;
	fill(data, sizeof data, 3);
	for (unsigned i = 0; i < 100; i++) {
		say_request(&said, 0, WRITE, i, 3 + i * sizeof data, sizeof data);
		say_bytes(&said, data, sizeof data);
		say_simple(&want, 0, i);
	}
	tell(fd);
	heard(fd);
	for (unsigned i = 0; i < 100; i++)
		assert_memory_equal(memory.byte + 3 + i * sizeof data, data, sizeof data);
	say_request(&said, 0, READ, 1, 7, 32 << 20);
	tell(fd);
	say_simple(&want, 0, 1);
	want_data(7, 32 << 20);
	heard(fd);
	close(fd);
}

/* A simple READ of some parts says that one failed; in chunks, they are sent as they come. */
TEST(a_read_of_several_parts)
{
	const uint32_t n = 2 * PART_BYTES + 10;
	int fd = opened(false);

	say_request(&said, 0, READ, 1, 100, n);
	tell(fd);
	assert_int_equal(memory.outs, 3);
	answer(1, 0);
	answer(1, 0);
	heard(fd);
	answer(0, EIO);
	say_simple(&want, NBD_EIO, 1);
	heard(fd);
	close(fd);
	fd = opened(true);
	say_request(&said, 0, READ, 1, 100, n);
	tell(fd);
	answer(1, 0);
	say_chunk(&want, false, NBD_CHUNK_DATA, 1, 8 + PART_BYTES);
	say(&want, 8, PART_BYTES);
	want_data(PART_BYTES, PART_BYTES);
	heard(fd);
	answer(0, 0);
	say_chunk(&want, false, NBD_CHUNK_DATA, 1, 8 + PART_BYTES - 100);
	say(&want, 8, 100);
	want_data(100, PART_BYTES - 100);
	heard(fd);
	answer(0, ENOSPC);
	say_chunk(&want, true, NBD_CHUNK_ERROR, 1, 6);
	say(&want, 4, NBD_ENOSPC);
	say(&want, 2, 0);
	heard(fd);
	/* One that must not be cut. */
	say_request(&said, NBD_CMD_FLAG_DF, READ, 2, 100, n);
	tell(fd);
	answer(2, 0);
	answer(0, 0);
	heard(fd);
	answer(0, 0);
	say_chunk(&want, true, NBD_CHUNK_DATA, 2, 8 + n);
	say(&want, 8, 100);
	want_data(100, n);
	heard(fd);
	say_request(&said, NBD_CMD_FLAG_DF, READ, 3, 0, 4 * PART_BYTES);
	tell(fd);
	say_chunk(&want, true, NBD_CHUNK_ERROR, 3, 6);
	say(&want, 4, NBD_EOVERFLOW);
	say(&want, 2, 0);
	heard(fd);
	close(fd);
}

/* A READ for which there is not room enough is sent in parts, and nothing else in between. */
TEST(a_read_larger_than_the_room)
{
	const uint32_t n = 20 * PART_BYTES;
	int fd = opened(false);

	say_request(&said, 0, READ, 1, 0, 1);
	say_request(&said, 0, READ, 2, 0, n);
	say_request(&said, 0, FLUSH, 3, 0, 0);
	tell(fd);
	assert_int_equal(memory.outs, 1); /* it is alone */
	answer(0, 0);
	say_simple(&want, 0, 1);
	want_data(0, 1);
	heard(fd);
	assert_int_equal(memory.outs, ROOMS);
	say_simple(&want, 0, 2);
	want_data(0, n);
	say_simple(&want, 0, 3);
	while (memory.outs) {
		answer(memory.outs - 1, 0);
		hear(fd);
	}
	heard(fd);
	/* The first part fails: it is told. A later one: what could be told? */
	say_request(&said, 0, READ, 4, 0, n);
	tell(fd);
	answer(0, EIO);
	while (memory.outs)
		answer(0, 0);
	say_simple(&want, NBD_EIO, 4);
	heard(fd);
	say_request(&said, 0, READ, 5, 0, n);
	tell(fd);
	answer(0, 0);
	answer(0, EIO);
	turn();
	assert_int_equal(memory.left, 1);
	close(fd);
}

TEST(a_write_larger_than_the_room)
{
	const uint32_t n = 32 << 20;
	uint8_t *data = malloc(n);
	int fd = opened(false);
	size_t at = 0;

	fill(data, n, 5);
	say_request(&said, 0, WRITE, 1, 4095, n);
	tell(fd);
	while (memory.submitted < n / PART_BYTES + 1) {
		ssize_t sent = at < n ? send(fd, data + at, n - at, MSG_NOSIGNAL) : 0;

		at += sent > 0 ? (size_t)sent : 0;
		turn();
		assert_true(memory.outs > 0 || at < n);
		if (memory.outs > 3)
			answer(memory.outs / 2, 0);
	}
	while (memory.outs > 1)
		answer(0, 0);
	heard(fd);
	answer(0, 0);
	say_simple(&want, 0, 1);
	heard(fd);
	assert_memory_equal(memory.byte + 4095, data, n);
	free(data);
	close(fd);
}

TEST(no_room)
{
	uint8_t data[PAGE_BYTES];
	int fd = opened(false), other = opened(false);

	fill(data, sizeof data, 6);
	for (unsigned i = 0; i < ROOMS; i++)
		say_request(&said, 0, READ, i, i, 1);
	say_request(&said, 0, WRITE, 100, PAGE_BYTES, sizeof data);
	say_bytes(&said, data, sizeof data);
	say_request(&said, 0, TRIM, 101, 0, 5);
	tell(fd);
	assert_int_equal(memory.outs, ROOMS);
	/* Answers leave all the same; and there is room again when they have left. */
	answer(3, 0);
	say_simple(&want, 0, 3);
	want_data(3, 1);
	heard(fd);
	assert_int_equal(memory.outs, ROOMS);
	assert_int_equal(memory.out[ROOMS - 1]->verb, PART_WRITE);
	/* Another client's turn comes, too. */
	say_request(&said, 0, READ, 7, 0, 1);
	tell(other);
	while (memory.outs) {
		answer(0, 0);
		turn();
	}
	assert_memory_equal(memory.byte + PAGE_BYTES, data, sizeof data);
	say_simple(&want, 0, 7);
	want_data(0, 1);
	hear(other);
	assert_int_equal(got.len, 17);
	close(fd);
	close(other);
}

TEST(a_client_dies_with_requests_under_way)
{
	int fd = opened(false);

	for (unsigned i = 0; i < 4; i++)
		say_request(&said, 0, READ, i, 0, PART_BYTES);
	say_request(&said, 0, TRIM, 5, 0, 5);
	say_request(&said, 0, WRITE, 6, 0, 5);
	say(&said, 1, 7);
	tell(fd);
	assert_int_equal(memory.outs, 5);
	answer(0, 0);
	turn();
	close(fd);
	turn();
	assert_int_equal(memory.left, 1);
	assert_int_equal(rooms_left(), ROOMS - 4);
	answer(3, EIO);
	answer(0, 0);
	assert_int_equal(rooms_left(), ROOMS - 2);
}

/* Who asks nothing more is answered; and so is who says so. */
TEST(the_end)
{
	for (unsigned disc = 0; disc < 2; disc++) {
		int fd = opened(false);

		say_request(&said, 0, READ, 1, 9, 1);
		if (disc)
			say_request(&said, 0, DISC, 2, 0, 0);
		tell(fd);
		if (!disc)
			shutdown(fd, SHUT_WR);
		heard(fd);
		assert_int_equal(memory.left, disc);
		answer(0, 0);
		say_simple(&want, 0, 1);
		want_data(9, 1);
		heard(fd);
		assert_int_equal(memory.left, disc + 1);
		close(fd);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(answers_in_any_order),
		T(answers_at_once),
		T(a_read_of_several_parts),
		T(a_read_larger_than_the_room),
		T(a_write_larger_than_the_room),
		T(no_room),
		T(a_client_dies_with_requests_under_way),
		T(the_end),
	};

	return cmocka_run_group_tests_name("late", tests, NULL, NULL);
}
