/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "setting.h"

enum colour { RED, GREEN, BLUE };

static struct made {
	char *name, *path;
	unsigned ms;
	uint64_t room, device;
	enum colour colour;
	bool loud;
	unsigned odd;
} m;

static int set_odd(void *made, const char *value, char why[static WORDS_MAX])
{
	if (setting_number(&((struct made *)made)->odd, value, 0, 99) == 0 && m.odd % 2)
		return 0;
	words_print(why, "write an odd number");
	return -1;
}

#define FIELD(name) .at = offsetof(struct made, name)

static const char *const colours[] = { "red", "green", "blue", NULL };
static const struct setting table[] = {
	{ "name", "NAME", SETTING_TEXT, FIELD(name), .most = 8, .help = "how it is called" },
	{ "path", "PATH", SETTING_PATH, FIELD(path), .hint = "write a path", .help = "where it is" },
	{ "time", "MS", SETTING_NUMBER, FIELD(ms), .unit = "milliseconds", .least = 10, .most = 1000,
	  .standard = "50",
	  .help = "how long it may take, until somebody comes and looks whether it is still there" },
	{ "room", "SIZE", SETTING_SIZE, FIELD(room), .otherwise = "all that there is", .help = "how much of what is left there may be taken away" },
	{ "device", "SIZE", SETTING_PAGES, FIELD(device), .help = "its size" },
	{ "colour", "COLOUR", SETTING_CHOICE, FIELD(colour), .choices = colours, .standard = "green" },
	{ "loud", NULL, SETTING_SWITCH, FIELD(loud), .help = "is it heard?" },
	{ "odd", "N", SETTING_OWN, .set = set_odd, .help = "what is odd" },
	{0}
};

static char words[WORDS_MAX];

static int begin(void **state)
{
	(void)state;
	memset(&m, 0, sizeof m);
	settings_begin(table, &m);
	return 0;
}

static int end(void **state)
{
	(void)state;
	settings_free(table, &m);
	return 0;
}

static void good(const char *name, const char *value)
{
	const struct setting *s = setting_find(table, name);

	assert_non_null(s);
	if (setting_set(s, &m, value, words) < 0)
		fail_msg("%s=%s: %s", name, value ? value : "", words);
}

static void bad(const char *name, const char *value, const char *says)
{
	struct made before = m;

	if (setting_set(setting_find(table, name), &m, value, words) == 0)
		fail_msg("%s=%s was taken", name, value);
	assert_string_equal(words, says);
	if (strcmp(name, "odd") != 0)
		assert_memory_equal(&before, &m, sizeof m);
}

TEST(what_the_table_says_is_the_default)
{
	assert_int_equal(m.ms, 50);
	assert_int_equal(m.colour, GREEN);
	assert_null(m.name);
	assert_false(m.loud);
}

TEST(texts)
{
	good("name", "a");
	good("name", "12345678");
	assert_string_equal(m.name, "12345678");
	bad("name", "123456789", "write something");
	bad("name", "", "write something");
	assert_string_equal(m.name, "12345678");
}

TEST(paths_are_made_whole)
{
	char here[4096], whole[5000];

	assert_non_null(getcwd(here, sizeof here));
	good("path", "/run/it");
	assert_string_equal(m.path, "/run/it");
	good("path", "it");
	snprintf(whole, sizeof whole, "%s/it", here);
	assert_string_equal(m.path, whole);
	bad("path", "", "write a path");
}

TEST(numbers)
{
	const char *const wrong[] = { "", "9", "1001", "-50", "+50", "5e1", " 50", "50 ", "0x50",
	                              "99999999999999999999" };

	good("time", "10");
	good("time", "1000");
	assert_int_equal(m.ms, 1000);
	for (size_t i = 0; i < COUNT(wrong); i++)
		bad("time", wrong[i], "write milliseconds from 10 to 1000");
}

TEST(sizes)
{
	good("room", "0");
	good("room", "1.5K");
	assert_true(m.room == 1536);
	bad("room", "much", "write a size, such as 512M, or 0");
	good("device", "8K");
	assert_true(m.device == 8192);
	bad("device", "0", "write a size that is a multiple of 4096 bytes and not 0, such as 8G");
	bad("device", "4097", "write a size that is a multiple of 4096 bytes and not 0, such as 8G");
}

TEST(choices)
{
	good("colour", "blue");
	assert_int_equal(m.colour, BLUE);
	good("colour", "red");
	assert_int_equal(m.colour, RED);
	bad("colour", "", "write red, green or blue");
	bad("colour", "blu", "write red, green or blue");
}

TEST(switches)
{
	good("loud", NULL);
	assert_true(m.loud);
	for (const char *const *no = (const char *const[]){ "no", "off", "false", "0", "No", NULL }; *no; no++) {
		good("loud", "yes");
		assert_true(m.loud);
		good("loud", *no);
		assert_false(m.loud);
	}
	bad("loud", "perhaps", "write yes or no");
	bad("loud", "", "write yes or no");
}

TEST(setters_of_their_own)
{
	good("odd", "7");
	assert_int_equal(m.odd, 7);
	bad("odd", "8", "write an odd number");
	assert_null(setting_find(table, "even"));
}

TEST(help_is_in_lines)
{
	static const char *const wanted =
		"--name NAME   how it is called\n"
		"--path PATH   where it is\n"
		"--time MS     how long it may take, until somebody comes and looks whether it\n"
		"              is still there [50]\n"
		"--room SIZE   how much of what is left there may be taken away\n"
		"              [all that there is]\n"
		"--device SIZE its size\n"
		"--colour COLOUR red, green or blue [green]\n"
		"--loud        is it heard?\n"
		"--odd N       what is odd\n";
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	assert_non_null(f);
	settings_help(f, table, &(struct setting_style){ "--", " ", 14 });
	fclose(f);
	assert_string_equal(text, wanted);
	free(text);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		T(what_the_table_says_is_the_default),
		T(texts),
		T(paths_are_made_whole),
		T(numbers),
		T(sizes),
		T(choices),
		T(switches),
		T(setters_of_their_own),
		T(help_is_in_lines),
	};

	return cmocka_run_group_tests_name("setting", tests, NULL, NULL);
}
