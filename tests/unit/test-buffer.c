/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buffer.h"

#define N 8u

static struct seal *seal;
static struct buffers b;

static int open_them(void **state __attribute__((unused)))
{
	seal = seal_open(SEAL_OFF);
	return seal ? buffers_open(&b, N, seal) : -1;
}

static int close_them(void **state __attribute__((unused)))
{
	buffers_close(&b);
	seal_close(seal);
	return 0;
}

TEST(each_has_its_own_bytes_and_sealer)
{
	struct buffer *taken[N];

	assert_int_equal(b.free_n, N);
	for (unsigned i = 0; i < N; i++) {
		taken[i] = buffers_take(&b);
		assert_non_null(taken[i]);
		assert_int_equal(taken[i]->holds, 1);
		assert_non_null(taken[i]->sealer);
		assert_int_equal((uintptr_t)taken[i]->data % PAGE_BYTES, 0);
		memset(taken[i]->data, (int)i, BUFFER_BYTES);
		for (unsigned k = 0; k < i; k++)
			assert_ptr_not_equal(taken[i]->sealer, taken[k]->sealer);
	}
	for (unsigned i = 0; i < N; i++) {
		for (size_t k = 0; k < BUFFER_BYTES; k++)
			if (taken[i]->data[k] != i)
				fail_msg("byte %zu of buffer %u is another's", k, i);
		buffers_drop(&b, taken[i]);
	}
	assert_int_equal(b.free_n, N);
}

TEST(when_all_are_taken_there_is_none)
{
	struct buffer *taken[N];

	for (unsigned i = 0; i < N; i++)
		taken[i] = buffers_take(&b);
	assert_int_equal(b.free_n, 0);
	assert_null(buffers_take(&b));
	buffers_drop(&b, taken[3]);
	assert_int_equal(b.free_n, 1);
	assert_ptr_equal(buffers_take(&b), taken[3]);
	for (unsigned i = 0; i < N; i++)
		buffers_drop(&b, taken[i]);
}

TEST(it_is_free_when_nobody_holds_it)
{
	struct buffer *one = buffers_take(&b);

	buffer_hold(one);
	buffer_hold(one);
	for (unsigned i = 0; i < 2; i++) {
		buffers_drop(&b, one);
		assert_int_equal(b.free_n, N - 1);
	}
	buffers_drop(&b, one);
	assert_int_equal(b.free_n, N);
	assert_int_equal(one->holds, 0);
}

/* Random holds and drops against a plain count. */
TEST(any_order)
{
	struct buffer *held[3 * N] = {0};
	uint64_t seed = 1;

	for (unsigned round = 0; round < 20000; round++) {
		struct buffer **slot = &held[dice_below(&seed, COUNT(held))];
		struct buffer *other = held[dice_below(&seed, COUNT(held))];
		unsigned used = 0;

		if (*slot) {
			buffers_drop(&b, *slot);
			*slot = NULL;
		} else if (other && dice_below(&seed, 2)) {
			buffer_hold(other);
			*slot = other;
		} else {
			*slot = buffers_take(&b);
		}
		for (unsigned i = 0; i < N; i++) {
			unsigned holds = 0;

			for (unsigned k = 0; k < COUNT(held); k++)
				holds += held[k] == &b.all[i];
			assert_int_equal(b.all[i].holds, holds);
			used += holds > 0;
		}
		assert_int_equal(b.free_n, N - used);
	}
	for (unsigned k = 0; k < COUNT(held); k++)
		if (held[k])
			buffers_drop(&b, held[k]);
}

static void hold_a_free_one(void)
{
	buffer_hold(&b.all[0]);
}

static void drop_a_free_one(void)
{
	buffers_drop(&b, &b.all[0]);
}

static void close_with_one_in_use(void)
{
	buffers_take(&b);
	buffers_close(&b);
}

static void aborts(void (*what)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		signal(SIGABRT, SIG_DFL);
		close(2);
		what();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

TEST(what_must_not_be_ends_the_program)
{
	aborts(hold_a_free_one);
	aborts(drop_a_free_one);
	aborts(close_with_one_in_use);
}

TEST(none_or_more_than_there_is_room_for)
{
	struct buffers other;

	assert_int_equal(buffers_open(&other, 0, seal), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(buffers_open(&other, UINT32_MAX, seal), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_has_its_own_bytes_and_sealer),
		cmocka_unit_test(when_all_are_taken_there_is_none),
		cmocka_unit_test(it_is_free_when_nobody_holds_it),
		cmocka_unit_test(any_order),
		cmocka_unit_test(what_must_not_be_ends_the_program),
		cmocka_unit_test(none_or_more_than_there_is_room_for),
	};

	return cmocka_run_group_tests_name("buffer", tests, open_them, close_them);
}
