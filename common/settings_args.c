/* SPDX-License-Identifier: BSD-2-Clause */
#include "settings_args.h"

#include <getopt.h>
#include <stdlib.h>

/* What getopt_long() returns: above any character. */
#define LONG 256

static void fill_table(const struct setting *table, struct option longs[static SETTINGS_ROWS_MAX + 1])
{
	unsigned n = 0;

	for (; table[n].name; n++) {
		if (n == SETTINGS_ROWS_MAX)
			abort();
		longs[n] = (struct option){ table[n].name, table[n].value ? required_argument : no_argument, NULL,
		                            LONG + (int)n };
	}
	longs[n] = (struct option){0};
}

/* Of what getopt_long() returned; NULL: there is none. */
static const struct setting *row_of(const struct setting *table, int c)
{
	if (c >= LONG)
		return table + (c - LONG);
	while (table->name && table->letter != c)
		table++;
	return table->name ? table : NULL;
}

static void refuse(const char *program, int c, char **argv, char words[static WORDS_MAX])
{
	char letter[] = { '-', (char)optopt, '\0' };

	words_print(words, "%.200s: %s; see %s --help", optopt > 0 && optopt < LONG ? letter : argv[optind - 1],
	            c == ':' ? "needs a value" : "no such option, or it takes no value", program);
}

int settings_args(const struct setting *table, const char *program, int argc, char **argv, settings_arg *take,
                  void *into, char words[static WORDS_MAX])
{
	struct option longs[SETTINGS_ROWS_MAX + 1];
	char why[WORDS_MAX];
	int c, taken;

	fill_table(table, longs);
	optind = 0; /* also forgets where in "-xy" it was */
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":hV", longs, NULL)) != -1) {
		const struct setting *s = row_of(table, c);

		if (!s) {
			refuse(program, c, argv, words);
			return -1;
		}
		taken = take(into, s, optarg, why);
		if (taken < 0) {
			words_print(words, "--%s %.200s: %s", s->name, optarg, why);
			return -1;
		}
		if (taken)
			return 0;
	}
	return optind;
}
