/* SPDX-License-Identifier: BSD-2-Clause */
/* Where options come from: the command line and the config file. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options_check.h"
#include "options_table.h"
#include "settings_file.h"

struct reading {
	struct options *o;
	const struct options *over; /* the command line, which wins */
};

/* What loses against the command line must be right too. */
static int set_from_file(void *reading, const char *name, const char *value,
                         char words[static WORDS_MAX])
{
	struct reading *r = reading;
	const struct setting *option = setting_find(options_table, name);
	struct options scratch = options_nothing();
	int set;

	if (!option || option->not_in_file) {
		words_print(words, "there is no such option in a config file");
		return -1;
	}
	set = options_set(options_said(r->over, option) ? &scratch : r->o, option, value, words);
	options_free(&scratch);
	return set;
}

/* What getopt_long() returns: above any character. */
#define LONG 256

static void getopt_table(struct option longs[static OPTIONS_ROWS_MAX + 1])
{
	unsigned n = 0;

	for (const struct setting *option = options_table; option->name; option++, n++)
		longs[n] = (struct option){ option->name, option->value ? required_argument : no_argument,
		                            NULL, LONG + (int)n };
	longs[n] = (struct option){0};
}

/* Of what getopt_long() returned; NULL: there is none. */
static const struct setting *row_of(int c)
{
	const struct setting *option = options_table;

	if (c >= LONG)
		return option + (c - LONG);
	while (option->name && option->letter != c)
		option++;
	return option->name ? option : NULL;
}

static void refuse_option(int c, char **argv, char words[static WORDS_MAX])
{
	char letter[] = { '-', (char)optopt, '\0' };

	words_print(words, "%.200s: %s; see farpaged --help",
	            optopt > 0 && optopt < LONG ? letter : argv[optind - 1],
	            c == ':' ? "needs a value" : "no such option, or it takes no value");
}

static enum options_result read_argv(struct options *o, int argc, char **argv,
                                     char words[static WORDS_MAX])
{
	struct option longs[OPTIONS_ROWS_MAX + 1];
	char why[WORDS_MAX];
	int c;

	getopt_table(longs);
	optind = 0; /* also forgets where in "-xy" it was */
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":hV", longs, NULL)) != -1) {
		const struct setting *option = row_of(c);

		if (!option) {
			refuse_option(c, argv, words);
			return OPTIONS_BAD;
		}
		if (options_set(o, option, optarg, why) < 0) {
			words_print(words, "--%s %.200s: %s", option->name, optarg, why);
			return OPTIONS_BAD;
		}
		if (o->done)
			return OPTIONS_DONE;
	}
	if (optind < argc) {
		words_print(words, "%.200s: this is not an option; see farpaged --help", argv[optind]);
		return OPTIONS_BAD;
	}
	return OPTIONS_OK;
}

enum options_result options_read(struct options *o, int argc, char **argv,
                                 char words[static WORDS_MAX])
{
	struct options cli = options_nothing();
	enum options_result r;

	*o = options_nothing();
	r = read_argv(&cli, argc, argv, words);
	if (r == OPTIONS_OK && cli.config)
		r = settings_file_read(cli.config, set_from_file, &(struct reading){ o, &cli }, words) < 0
		            ? OPTIONS_BAD : OPTIONS_OK;
	/* The command line once more, on top of what the file said. */
	if (r == OPTIONS_OK)
		r = read_argv(o, argc, argv, words);
	if (r == OPTIONS_OK && options_fill_in(o, words) < 0)
		r = OPTIONS_BAD;
	options_free(&cli);
	return r;
}
