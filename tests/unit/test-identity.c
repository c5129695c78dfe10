/* SPDX-License-Identifier: BSD-2-Clause */
/* What two identities have in common. */
#include "unit.h"

#include "identity.h"

TEST(the_pool_is_the_first_word)
{
	assert_true(identity_same_pool("a 1 x", "a 2 y"));
	assert_true(identity_same_pool("a", "a 2 y"));
	assert_false(identity_same_pool("a 1 x", "ab 1 x"));
	assert_false(identity_same_pool("ab 1 x", "a 1 x"));
	assert_false(identity_same_pool("a 1 x", "b 1 x"));
	assert_false(identity_same_pool("", "a 1 x"));
	assert_false(identity_same_pool("a 1 x", ""));
	assert_false(identity_same_pool("", "")); /* of which nothing is known */
}

TEST(its_owner_is_the_second)
{
	assert_true(identity_same("a 1 x", "a 1 y"));
	assert_true(identity_same("a 1", "a 1 y"));
	assert_false(identity_same("a 1 x", "a 12 x"));
	assert_false(identity_same("a 1 x", "a 2 x"));
	assert_false(identity_same("a 1 x", "b 1 x"));
	assert_false(identity_same("a 1 x", "a"));
}

TEST(its_lender_is_the_third)
{
	assert_true(identity_same_lender("a 1 x", "b 2 x"));
	assert_true(identity_same_lender("a 1 x", "b 2 x more"));
	assert_false(identity_same_lender("a 1 x", "a 1 y"));
	assert_false(identity_same_lender("a 1 x", "a 1 xy"));
	assert_false(identity_same_lender("a 1 xy", "a 1 x"));
}

TEST(who_does_not_say_is_nobodys)
{
	const char *none[] = { "", "a", "a ", "a 1", "a 1 " };

	for (unsigned i = 0; i < COUNT(none); i++) {
		assert_false(identity_same_lender(none[i], "a 1 x"));
		assert_false(identity_same_lender("a 1 x", none[i]));
		for (unsigned j = 0; j < COUNT(none); j++)
			assert_false(identity_same_lender(none[i], none[j]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pool_is_the_first_word),
		cmocka_unit_test(its_owner_is_the_second),
		cmocka_unit_test(its_lender_is_the_third),
		cmocka_unit_test(who_does_not_say_is_nobodys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
