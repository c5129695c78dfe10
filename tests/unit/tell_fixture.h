/* SPDX-License-Identifier: BSD-2-Clause */
/* farpaged's options under test: tell("farpaged", "--lend", "1M"). */
#ifndef FARPAGE_TELL_FIXTURE_H
#define FARPAGE_TELL_FIXTURE_H

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "options.h"

#define DEFAULT_LEND (UINT64_C(64) << 20)

static struct options o;
static char words[WORDS_MAX];

static inline enum options_result read_options(int argc, const char **argv)
{
	options_free(&o);
	memset(words, 'x', sizeof words);
	words[0] = '\0';
	enum options_result r = options_read(&o, argc, (char **)argv, words);

	return r == OPTIONS_OK && options_settle(&o, DEFAULT_LEND, words) < 0 ? OPTIONS_BAD : r;
}

#define tell(...) \
	read_options((int)COUNT(((const char *[]){ __VA_ARGS__ })), \
	             (const char *[]){ __VA_ARGS__, NULL })

#define good(...) \
	do { \
		if (tell(__VA_ARGS__) != OPTIONS_OK) \
			fail_msg("refused: %s", words); \
	} while (0)

/* Refused, in words that have SAYS in them. */
#define bad(says, ...) \
	do { \
		assert_int_equal(tell(__VA_ARGS__), OPTIONS_BAD); \
		assert_non_null(memchr(words, '\0', sizeof words)); \
		if (!strstr(words, says)) \
			fail_msg("\"%s\" does not say \"%s\"", words, says); \
	} while (0)

static inline int forget(void **state)
{
	(void)state;
	options_free(&o);
	return 0;
}

#endif
