/* SPDX-License-Identifier: BSD-2-Clause */
/* What libfarpage refuses to open, and in which words. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "farpage.h"

#define PAGE FARPAGE_PAGE_BYTES
#define NONE "unix:/nonexistent/lender"
#define MORE "unix:/nonexistent/b", "unix:/nonexistent/c", "unix:/nonexistent/d"

static void refused(struct farpage_options o, const char *says)
{
	char words[FARPAGE_WORDS_MAX];

	memset(words, 'x', sizeof words);
	assert_null(farpage_open(&o, sizeof o, words));
	assert_non_null(memchr(words, '\0', sizeof words));
	if (!strstr(words, says))
		fail_msg("\"%s\" does not say \"%s\"", words, says);
	assert_null(farpage_open(&o, sizeof o, NULL));
}

static void opens(struct farpage_options o)
{
	char words[FARPAGE_WORDS_MAX];
	struct farpage *f = farpage_open(&o, sizeof o, words);

	if (!f)
		fail_msg("%s", words);
	assert_string_equal(words, "");
	farpage_close(f);
}

TEST(sizes)
{
	refused((struct farpage_options){ 0 }, "size=SIZE");
	refused((struct farpage_options){ .size = PAGE + 1 }, "not a multiple of 4096");
	refused((struct farpage_options){ .size = 100 }, "not a multiple of 4096");
	refused((struct farpage_options){ .lender = { NONE }, .size = PAGE - 1 },
	        "not a multiple of 4096");
	refused((struct farpage_options){ .size = UINT64_C(1) << 62 }, "no memory");
}

/* A program of a later release has options that we do not know. */
TEST(size_of_the_options)
{
	struct {
		struct farpage_options known;
		uint64_t later;
	} o = { .known.size = PAGE };
	char words[FARPAGE_WORDS_MAX];
	struct farpage *f;

	f = farpage_open(&o.known, sizeof o, words);
	assert_non_null(f);
	farpage_close(f);
	o.later = UINT64_C(1) << 63;
	errno = 0;
	assert_null(farpage_open(&o.known, sizeof o, words));
	assert_int_equal(errno, E2BIG);
	assert_non_null(strstr(words, "built for a later one"));
	errno = 0;
	assert_null(farpage_open(&o.known, sizeof o.known - 1, words));
	assert_int_equal(errno, EINVAL);
	assert_non_null(strstr(words, "sizeof (struct farpage_options)"));
	assert_null(farpage_open(&o.known, 0, NULL));
}

TEST(lenders)
{
	refused((struct farpage_options){ .lender = { "a b c/" } }, "write HOST");
	refused((struct farpage_options){ .lender = { "" } }, "write HOST");
	refused((struct farpage_options){ .lender = { NONE, "a b c/" } }, "write HOST");
	refused((struct farpage_options){ .lender = { NONE } },
	        "cannot open the pool of lender " NONE ": ");
	refused((struct farpage_options){ .lender = { NONE, "unix:/nonexistent/b" }, .size = PAGE },
	        "cannot open the pool of lender " NONE ": ");
}

TEST(pools)
{
	refused((struct farpage_options){ .lender = { NONE }, .pool = "a@1" }, "letters, digits");
	refused((struct farpage_options){ .lender = { NONE }, .pool = "" }, "letters, digits");
	refused((struct farpage_options){ .lender = { "nbd://127.0.0.1/p" }, .pool = "q" },
	        "names pool p");
}

TEST(copies)
{
	refused((struct farpage_options){ .size = PAGE, .copies = 2 }, "on a different lender");
	refused((struct farpage_options){ .lender = { NONE }, .copies = 2 },
	        "on a different lender, and 1 is given");
	refused((struct farpage_options){ .lender = { NONE, "unix:/nonexistent/b" }, .copies = 3 },
	        "on a different lender, and 2 are given");
	refused((struct farpage_options){ .lender = { NONE, MORE }, .copies = 4 },
	        "at most 3 copies");
	opens((struct farpage_options){ .size = PAGE, .copies = 1 });
}

TEST(seals)
{
	refused((struct farpage_options){ .size = PAGE, .seal = "" }, "write on, check or off");
	refused((struct farpage_options){ .size = PAGE, .seal = "yes" }, "write on, check or off");
	opens((struct farpage_options){ .size = PAGE, .seal = "off" });
}

TEST(keys)
{
	refused((struct farpage_options){ .lender = { NONE }, .tls_psk = "/dev/null" },
	        "go together");
	refused((struct farpage_options){ .lender = { NONE }, .tls_username = "me" },
	        "go together");
	refused((struct farpage_options){ .size = PAGE, .tls_psk = "/dev/null",
	                                  .tls_username = "me" }, "with lender=");
	refused((struct farpage_options){ .lender = { NONE }, .tls_psk = "/nonexistent/keys",
	                                  .tls_username = "me" }, "/nonexistent/keys");
}

TEST(spills)
{
	char path[] = "/tmp/farpage-spill-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	refused((struct farpage_options){ .size = PAGE, .spill = "/nonexistent/spill" },
	        "/nonexistent/spill");
	refused((struct farpage_options){ .size = PAGE, .spill = path }, path);
	close(fd);
	unlink(path);
}

/* A page a second is the least. */
TEST(rates)
{
	refused((struct farpage_options){ .size = PAGE, .heal_rate = 1 }, "4096");
	refused((struct farpage_options){ .size = PAGE, .heal_rate = PAGE - 1 }, "4096");
	opens((struct farpage_options){ .size = PAGE, .heal_rate = PAGE });
	opens((struct farpage_options){ .size = PAGE, .heal_rate = UINT64_C(1) << 44 });
	opens((struct farpage_options){ .size = PAGE, .heal_rate = UINT64_MAX });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(size_of_the_options),
		cmocka_unit_test(lenders),
		cmocka_unit_test(pools),
		cmocka_unit_test(copies),
		cmocka_unit_test(seals),
		cmocka_unit_test(keys),
		cmocka_unit_test(spills),
		cmocka_unit_test(rates),
	};

	return cmocka_run_group_tests_name("libfarpage's options", tests, NULL, NULL);
}
