/* SPDX-License-Identifier: BSD-2-Clause */
/* One object, whatever is in it, or nothing. */
#include "unit.h"

#include "json.h"

static size_t write_all(char *buf, size_t room)
{
	struct json j;

	json_start(&j, buf, room);
	json_object(&j, NULL);
	json_text(&j, "a\"b", "\\ \n\x7f\xe9 \"");
	json_array(&j, "empty");
	json_array_end(&j);
	json_array(&j, "n");
	json_number(&j, NULL, 0);
	json_number(&j, NULL, UINT64_MAX);
	json_object(&j, NULL);
	json_object_end(&j);
	json_array_end(&j);
	json_seconds(&j, "s", 61007);
	json_bool(&j, "yes", true);
	json_object_end(&j);
	return json_finish(&j);
}

static const char all[] = "{\"a\\\"b\":\"\\\\ \\u000a\\u007f\\u00e9 \\\"\",\"empty\":[],"
                          "\"n\":[0,18446744073709551615,{}],\"s\":61.007,\"yes\":true}\n";

static void test_all(void **state)
{
	char buf[256];

	(void)state;
	assert_int_equal(write_all(buf, sizeof buf), strlen(all));
	assert_string_equal(buf, all);
}

static void test_never_a_part(void **state)
{
	char buf[256];

	(void)state;
	assert_int_equal(write_all(buf, strlen(all) + 1), strlen(all));
	for (size_t room = 1; room <= strlen(all); room++) {
		memset(buf, 'z', sizeof buf);
		assert_int_equal(write_all(buf, room), 0);
		assert_int_equal(buf[room], 'z');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_never_a_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
