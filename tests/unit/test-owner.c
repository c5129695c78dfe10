/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose the device is, on a fake libfarpage. What several hosts do at once is tried with threads. */
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "owner.h"

static struct farpage *const device = (struct farpage *)0x1000;
static char words[WORDS_MAX];
static unsigned flushes;
static atomic_int under_way; /* requests of who had the device */

const char *farpage_instance(const struct farpage *f)
{
	assert_ptr_equal(f, device);
	return "0123456789abcdef0123456789abcdef";
}

int farpage_flush_area(struct farpage *f)
{
	assert_ptr_equal(f, device);
	if (under_way)
		abort(); /* what is written now would be the next owner's */
	flushes++;
	return 0;
}

void lines_put(const char *format, ...)
{
	(void)format;
}

static struct guest *in(const char *export, const char *host)
{
	struct guest *v = owner_open(export, host, words);

	if (!v)
		fail_msg("%s from %s: %s", export, host, words);
	return v;
}

static void out(const char *export, const char *host, const char *says)
{
	memset(words, 'x', sizeof words);
	assert_null(owner_open(export, host, words));
	assert_non_null(memchr(words, '\0', sizeof words));
	if (!strstr(words, says))
		fail_msg("%s from %s: \"%s\" does not say \"%s\"", export, host, words, says);
}

static bool does(struct guest *v, bool change)
{
	bool may = owner_enter(v, change);

	if (may)
		owner_leave(v);
	return may;
}

TEST(who_writes_first_has_it)
{
	struct guest *a = in("", "a"), *b = in("", "b"), *more = in("", "a");

	assert_true(does(a, false) && does(b, false));
	assert_true(does(b, true));
	assert_false(does(a, true));
	assert_false(does(more, true));
	out("", "a", "b owns this device");
	out("", "c", "export ?claim=ID&force");
	owner_close(a);
	owner_close(more);
	/* Nobody had it before: nothing is forgotten. */
	assert_int_equal(flushes, 0);
	assert_string_equal(owner_name(), farpage_instance(device));
	owner_close(b);
}

TEST(another_when_it_has_gone)
{
	struct guest *c = in("", "c"), *b = in("", "b"), *again;
	char name[FARPAGE_INSTANCE_MAX];

	strcpy(name, owner_name());
	assert_false(does(c, true));
	owner_close(b);
	again = in(name, "b");
	assert_false(does(c, true));
	owner_close(again);
	assert_true(does(c, true));
	assert_int_equal(flushes, 1);
	assert_string_not_equal(owner_name(), name);
	out(name, "b", "there is no export");
	owner_close(c);
	out(name, "c", "there is no export");
}

TEST(by_force)
{
	struct guest *a = in("?claim=a&force", "h"), *b, *more, *look;

	assert_true(does(a, true));
	look = in("?claim=a", "other address");
	out("?claim=b", "h", "h owns this device");
	b = in("?claim=b&force", "h");
	more = in("?force&claim=b", "h");
	assert_true(does(a, true) && does(b, false));
	assert_true(does(b, true) && does(more, true));
	assert_false(does(a, false) || does(a, true) || does(look, false) || does(look, true));
	owner_close(a);
	owner_close(look);
	owner_close(b);
	owner_close(more);
}

TEST(names_that_there_are_not)
{
	static const char *const bad[] = { "?", "?claim=", "?claim=a?", "?claim=a&", "?claim=a&claim=b",
	                                   "?claim=a/b", "?claim", "?forced", "?force=1", "?claim=\n" };
	char text[5000];

	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
		out(bad[i], "h", "no such export name");
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	out(text, "h", "there is no export");
	memcpy(text, "?claim=", 7);
	out(text, "h", "no such export name");
	text[7 + 65] = '\0';
	out(text, "h", "no such export name");
	text[7 + 64] = '\0';
	owner_close(in(text, "h"));
}

static atomic_bool refused;

/* As nbdkit's threads do, until the device is another's. */
static void *write_on(void *visit)
{
	while (owner_enter(visit, true)) {
		under_way++;
		under_way--;
		owner_leave(visit);
	}
	refused = true;
	return NULL;
}

TEST(what_was_begun_ends_before_the_pages_go)
{
	pthread_t thread[3];
	char export[40];

	for (unsigned round = 0; round < 300; round++) {
		struct guest *had, *takes;

		snprintf(export, sizeof export, "?force&claim=%u", round);
		had = in(export, "h");
		assert_true(does(had, true));
		for (unsigned i = 0; i < 3; i++)
			assert_int_equal(pthread_create(&thread[i], NULL, write_on, had), 0);
		snprintf(export, sizeof export, "?force&claim=x%u", round);
		takes = in(export, "h");
		assert_true(does(takes, true));
		for (unsigned i = 0; i < 3; i++)
			pthread_join(thread[i], NULL);
		assert_true(refused);
		refused = false;
		owner_close(had);
		owner_close(takes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_writes_first_has_it),
		cmocka_unit_test(another_when_it_has_gone),
		cmocka_unit_test(by_force),
		cmocka_unit_test(names_that_there_are_not),
		cmocka_unit_test(what_was_begun_ends_before_the_pages_go),
	};

	owner_begin(device);
	return cmocka_run_group_tests_name("owner", tests, NULL, NULL);
}
