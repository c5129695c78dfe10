/* SPDX-License-Identifier: BSD-2-Clause */
/* Where options come from: the command line and the config file. */
#include <errno.h>
#include <getopt.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "descriptors.h"
#include "options_check.h"
#include "options_table.h"
#include "path.h"

struct reading {
	struct options *o;
	const struct options *over; /* the command line, which wins */
	FILE *file;
	char *buf;                  /* of getline() */
	size_t room;
	int line;                   /* that was read last, from 1 */
	int error;                  /* errno of reading, or 0 */
	int bad_line;               /* the first that is wrong by what WORDS say, or 0 */
	char words[WORDS_MAX];
};

static void bad_line(struct reading *r, const char *what, const char *error)
{
	if (!r->bad_line) {
		r->bad_line = r->line;
		words_print(r->words, "%.400s%s", what, error);
	}
}

/* For inih, like fgets(). It takes an indented line for more of the one above,
 * and what is over N bytes for the next line: so none is indented, and one that
 * is longer, or that a zero byte would shorten, ends the file. */
static char *next_line(char *to, int n, void *reading)
{
	struct reading *r = reading;
	ssize_t len = getline(&r->buf, &r->room, r->file);
	const char *line = r->buf;

	if (len < 0) {
		r->error = ferror(r->file) ? errno : 0;
		return NULL;
	}
	r->line++;
	if (memchr(line, '\0', (size_t)len)) {
		bad_line(r, "", "a zero byte");
		return NULL;
	}
	line += strspn(line, " \t\v\f\r");
	if (*line == '#' || *line == ';')
		line = "\n";
	if (snprintf(to, (size_t)n, "%s", line) >= n) {
		bad_line(r, "", "the line is too long");
		return NULL;
	}
	return to;
}

/* What loses against the command line must be right too. */
static int set_from_file(struct reading *r, const char *name, const char *value,
                         char words[static WORDS_MAX])
{
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

static int on_line(void *reading, const char *section, const char *name,
                   const char *value)
{
	struct reading *r = reading;
	char what[WORDS_MAX], error[WORDS_MAX] = "a config file has no sections";

	if (!*section && set_from_file(r, name, value, error) == 0)
		return 1;
	words_print(what, "%s = %s: ", name, value);
	bad_line(r, what, error);
	return 0;
}

static int read_file(struct options *o, const struct options *cli,
                     char words[static WORDS_MAX])
{
	struct reading r = { .o = o, .over = cli, .file = path_read(cli->config) };
	char why[WORDS_MAX];
	int line = 0; /* the first that inih or on_line() did not like */

	if (r.file) {
		line = ini_parse_stream(next_line, &r, on_line, &r);
		fclose(r.file);
		free(r.buf);
	} else {
		r.error = errno;
	}
	if (r.error)
		words_print(words, "cannot read %s: %s", cli->config,
		            r.error == EINVAL ? "it is not a regular file" : descriptors_words(r.error, why));
	else if (r.bad_line && (line == 0 || r.bad_line <= line))
		words_print(words, "%.200s:%d: %s", cli->config, r.bad_line,
		            r.words);
	else if (line)
		words_print(words,
		            "%s:%d: not a line of the form \"name = value\"", cli->config, line);
	return r.error || r.bad_line || line ? -1 : 0;
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
		r = read_file(o, &cli, words) < 0 ? OPTIONS_BAD : OPTIONS_OK;
	/* The command line once more, on top of what the file said. */
	if (r == OPTIONS_OK)
		r = read_argv(o, argc, argv, words);
	if (r == OPTIONS_OK && options_fill_in(o, words) < 0)
		r = OPTIONS_BAD;
	options_free(&cli);
	return r;
}
