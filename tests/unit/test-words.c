/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <string.h>

#include "words.h"

static struct {
	char words[WORDS_MAX];
	char behind;
} room;

static char *words_of(size_t n)
{
	static char text[2 * WORDS_MAX + 1];

	memset(text, 'w', sizeof text);
	text[n] = '\0';
	return text;
}

static void begin(void)
{
	memset(&room, 'x', sizeof room);
}

TEST(words_are_replaced)
{
	begin();
	words_print(room.words, "pool %s: %d pages", "a", 7);
	assert_string_equal(room.words, "pool a: 7 pages");
	words_print(room.words, "no");
	assert_string_equal(room.words, "no");
}

TEST(words_are_added)
{
	words_print(room.words, "%s", "");
	words_add(room.words, "%s", "one");
	words_add(room.words, ", %s", "two");
	assert_string_equal(room.words, "one, two");
}

TEST(what_fits_is_whole)
{
	begin();
	words_print(room.words, "%s", words_of(WORDS_MAX - 1));
	assert_string_equal(room.words, words_of(WORDS_MAX - 1));
	assert_int_equal(room.behind, 'x');
}

TEST(what_does_not_fit_is_marked)
{
	for (size_t n = WORDS_MAX; n <= 2 * WORDS_MAX; n += WORDS_MAX / 2) {
		begin();
		words_print(room.words, "%s", words_of(n));
		assert_int_equal(strlen(room.words), WORDS_MAX - 1);
		assert_string_equal(room.words + WORDS_MAX - 5, "w...");
		assert_int_equal(room.behind, 'x');
	}
}

TEST(what_is_added_to_full_words_is_marked)
{
	begin();
	words_print(room.words, "%s", words_of(WORDS_MAX - 3));
	words_add(room.words, "%s", "and");
	assert_string_equal(room.words + WORDS_MAX - 5, "w...");
	words_add(room.words, "%s", "");
	words_add(room.words, "%s", "and more");
	assert_int_equal(strlen(room.words), WORDS_MAX - 1);
	assert_string_equal(room.words + WORDS_MAX - 5, "w...");
	assert_int_equal(room.behind, 'x');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_replaced),
		cmocka_unit_test(words_are_added),
		cmocka_unit_test(what_fits_is_whole),
		cmocka_unit_test(what_does_not_fit_is_marked),
		cmocka_unit_test(what_is_added_to_full_words_is_marked),
	};

	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
