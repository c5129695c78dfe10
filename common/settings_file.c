/* SPDX-License-Identifier: BSD-2-Clause */
#include "settings_file.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "descriptors.h"
#include "path.h"

struct reading {
	settings_line *take;
	void *into;
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

static int on_line(void *reading, const char *section, const char *name,
                   const char *value)
{
	struct reading *r = reading;
	char what[WORDS_MAX], error[WORDS_MAX] = "a config file has no sections";

	if (!*section && r->take(r->into, name, value, error) == 0)
		return 1;
	words_print(what, "%s = %s: ", name, value);
	bad_line(r, what, error);
	return 0;
}

int settings_file_read(const char *path, settings_line *take, void *into, char words[static WORDS_MAX])
{
	struct reading r = { .take = take, .into = into, .file = path_read(path) };
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
		words_print(words, "cannot read %s: %s", path,
		            r.error == EINVAL ? "it is not a regular file" : descriptors_words(r.error, why));
	else if (r.bad_line && (line == 0 || r.bad_line <= line))
		words_print(words, "%.200s:%d: %s", path, r.bad_line,
		            r.words);
	else if (line)
		words_print(words,
		            "%s:%d: not a line of the form \"name = value\"", path, line);
	return r.error || r.bad_line || line ? -1 : 0;
}
