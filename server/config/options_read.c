/* SPDX-License-Identifier: BSD-2-Clause */
/* Where options come from: the command line and the config file. */
#include <errno.h>
#include <getopt.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "descriptors.h"
#include "options_table.h"
#include "path.h"

static const char *set_row(struct options *o, unsigned row, const char *value)
{
	o->said |= UINT64_C(1) << row;
	return options_table[row].set(o, value);
}

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
static const char *set_from_file(struct reading *r, const char *name, const char *value)
{
	struct options scratch = options_nothing();

	for (unsigned i = 0; i < options_rows; i++) {
		bool loses = r->over->said >> i & 1;

		if (!options_table[i].in_file || strcmp(name, options_table[i].name) != 0)
			continue;
		const char *error = set_row(loses ? &scratch : r->o, i, value);
		options_free(&scratch);
		return error;
	}
	return "there is no such option in a config file";
}

static int on_line(void *reading, const char *section, const char *name,
                   const char *value)
{
	struct reading *r = reading;
	char what[WORDS_MAX];
	const char *error = *section ? "a config file has no sections"
	                             : set_from_file(r, name, value);

	if (!error)
		return 1;
	snprintf(what, sizeof what, "%s = %s: ", name, value);
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
enum { LONG = 256, HELP = LONG + OPTIONS_ROWS_MAX, VERSION };

static void getopt_table(struct option longs[static OPTIONS_ROWS_MAX + 3])
{
	for (unsigned i = 0; i < options_rows; i++)
		longs[i] = (struct option){
			options_table[i].name, options_table[i].argument ? required_argument : no_argument,
			NULL, LONG + (int)i };
	longs[options_rows] = (struct option){ "help", no_argument, NULL, HELP };
	longs[options_rows + 1] = (struct option){ "version", no_argument, NULL, VERSION };
	longs[options_rows + 2] = (struct option){0};
}

static enum options_result read_argv(struct options *o, int argc, char **argv,
                                     char words[static WORDS_MAX])
{
	struct option longs[OPTIONS_ROWS_MAX + 3];
	const char *error;
	int c;

	getopt_table(longs);
	optind = 0; /* also forgets where in "-xy" it was */
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":hV", longs, NULL)) != -1) {
		if (c == HELP || c == 'h') {
			options_help();
			return OPTIONS_DONE;
		}
		if (c == VERSION || c == 'V') {
			puts("farpaged " PACKAGE_VERSION);
			return OPTIONS_DONE;
		}
		if (c < LONG) {
			char letter[] = { '-', (char)optopt, '\0' };

			words_print(words, "%.200s: %s; see farpaged --help",
			            optopt > 0 && optopt < LONG ? letter : argv[optind - 1],
			            c == ':' ? "needs a value"
			                     : "no such option, or it takes no value");
			return OPTIONS_BAD;
		}
		error = set_row(o, (unsigned)(c - LONG), optarg);
		if (error) {
			words_print(words, "--%s %.200s: %s",
			            options_table[c - LONG].name, optarg, error);
			return OPTIONS_BAD;
		}
	}
	if (optind < argc) {
		words_print(words,
		            "%.200s: this is not an option; see farpaged --help", argv[optind]);
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
