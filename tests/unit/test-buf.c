/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include "buf.h"

/* ASan: let malloc say no. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static void is(const struct buf *b, const char *text)
{
	assert_int_equal(b->len, strlen(text));
	if (b->len)
		assert_memory_equal(b->data, text, b->len);
	assert_true(b->len <= b->size);
	assert_false(b->failed);
}

TEST(bytes_come_behind_each_other)
{
	struct buf b = {0};

	buf_put(&b, "one ", 4);
	buf_put(&b, "two ", 4);
	memcpy(buf_add(&b, 5), "three", 5);
	is(&b, "one two three");
	buf_free(&b);
}

TEST(bytes_are_taken_from_the_front)
{
	struct buf b = {0};

	buf_put(&b, "one two", 7);
	buf_take(&b, 4);
	is(&b, "two");
	buf_put(&b, " three", 6);
	buf_take(&b, 0);
	is(&b, "two three");
	buf_take(&b, 9);
	is(&b, "");
	buf_put(&b, "four", 4);
	is(&b, "four");
	buf_free(&b);
}

TEST(nothing_is_added_to_nothing)
{
	struct buf b = {0};

	buf_put(&b, NULL, 0);
	buf_put(&b, "", 0);
	is(&b, "");
	buf_take(&b, 0);
	buf_free(&b);
	buf_free(&b);
}

TEST(it_grows)
{
	struct buf b = {0};
	uint8_t want[20000];

	fill(want, sizeof want, 1);
	for (size_t at = 0, n = 1; at < sizeof want; at += n, n = n * 2 % 997 + 1) {
		if (n > sizeof want - at)
			n = sizeof want - at;
		buf_put(&b, want + at, n);
		assert_int_equal(b.len, at + n);
		assert_memory_equal(b.data, want, b.len);
	}
	buf_free(&b);
}

TEST(what_does_not_fit_into_memory)
{
	struct buf b = {0};

	buf_put(&b, "one", 3);
	assert_null(buf_add(&b, (size_t)1 << 60));
	assert_true(b.failed);
	/* What was there is there, and what follows is dropped. */
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.data, "one", 3);
	buf_put(&b, "two", 3);
	assert_int_equal(b.len, 3);
	buf_free(&b);
	assert_false(b.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_come_behind_each_other),
		cmocka_unit_test(bytes_are_taken_from_the_front),
		cmocka_unit_test(nothing_is_added_to_nothing),
		cmocka_unit_test(it_grows),
		cmocka_unit_test(what_does_not_fit_into_memory),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
