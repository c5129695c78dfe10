/* SPDX-License-Identifier: BSD-2-Clause */
/* Where options come from: the command line and the config file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options_check.h"
#include "options_table.h"
#include "settings_args.h"
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

static int take_arg(void *options, const struct setting *option, const char *value, char words[static WORDS_MAX])
{
	struct options *o = options;

	return options_set(o, option, value, words) < 0 ? -1 : o->done;
}

static enum options_result read_argv(struct options *o, int argc, char **argv,
                                     char words[static WORDS_MAX])
{
	int rest = settings_args(options_table, "farpaged", argc, argv, take_arg, o, words);

	if (rest <= 0)
		return rest ? OPTIONS_BAD : OPTIONS_DONE;
	if (rest < argc) {
		words_print(words, "%.200s: this is not an option; see farpaged --help", argv[rest]);
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
