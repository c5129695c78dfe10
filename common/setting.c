/* SPDX-License-Identifier: BSD-2-Clause */
#include "setting.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "page.h"
#include "size.h"

const struct setting *setting_find(const struct setting *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

int setting_number(unsigned *to, const char *value, uint64_t least, uint64_t most)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	if (!isdigit((unsigned char)*value) || *end || n < least || n > most)
		return -1;
	*to = (unsigned)n;
	return 0;
}

int setting_switch(bool *to, const char *value)
{
	static const char *const words[] = { "no", "yes", "off", "on", "false", "true", "0", "1", "n", "y",
	                                     "f", "t" };

	for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
		if (strcasecmp(value, words[i]) == 0) {
			*to = i % 2;
			return 0;
		}
	return -1;
}

int setting_text(char **to, const char *value, char words[static WORDS_MAX])
{
	char *text = strdup(value);

	if (!text) {
		words_print(words, "no memory");
		return -1;
	}
	free(*to);
	*to = text;
	return 0;
}

static int set_path(char **to, const char *value, char words[static WORDS_MAX])
{
	char *here = *value == '/' ? strdup("") : getcwd(NULL, 0), *path = NULL;
	int r = -1;

	if (here && asprintf(&path, "%s%s%s", here, *value == '/' ? "" : "/", value) < 0)
		path = NULL;
	if (path)
		r = setting_text(to, path, words);
	else
		words_print(words, "write the whole path, from / on: which directory this is cannot be told");
	free(here);
	free(path);
	return r;
}

static int set_size(const struct setting *s, uint64_t *to, const char *value)
{
	uint64_t bytes;

	if (size_parse(value, &bytes) < 0 || bytes < s->least)
		return -1;
	if (s->kind == SETTING_PAGES && (bytes == 0 || bytes % PAGE_BYTES))
		return -1;
	*to = bytes;
	return 0;
}

static int set_choice(const struct setting *s, unsigned *to, const char *value)
{
	for (unsigned i = 0; s->choices[i]; i++)
		if (strcmp(value, s->choices[i]) == 0) {
			*to = i;
			return 0;
		}
	return -1;
}

/* "a, b or c" */
static void add_choices(const char *const *choices, char words[static WORDS_MAX])
{
	for (unsigned i = 0; choices[i]; i++)
		words_add(words, "%s%s", i == 0 ? "" : choices[i + 1] ? ", " : " or ", choices[i]);
}

static void say_what_is_right(const struct setting *s, char words[static WORDS_MAX])
{
	char size[32];

	size_format(s->least, size);
	if (s->hint)
		words_print(words, "%s", s->hint);
	else if (s->kind == SETTING_NUMBER)
		words_print(words, "write %s from %" PRIu64 " to %" PRIu64, s->unit ? s->unit : "a number",
		            s->least, s->most);
	else if (s->kind == SETTING_PAGES)
		words_print(words, "write a size that is a multiple of 4096 bytes and not 0, such as 8G");
	else if (s->kind == SETTING_SIZE && s->least)
		words_print(words, "write a size of at least %s, such as 8G", size);
	else if (s->kind == SETTING_SIZE)
		words_print(words, "write a size, such as 512M, or 0");
	else if (s->kind == SETTING_SWITCH)
		words_print(words, "write yes or no");
	else
		words_print(words, "write %s", s->kind == SETTING_CHOICE ? "" : "something");
	if (!s->hint && s->kind == SETTING_CHOICE)
		add_choices(s->choices, words);
}

static bool is_too_long(const struct setting *s, const char *text)
{
	return s->most && strlen(text) > s->most;
}

static int set_text(const struct setting *s, char **to, const char *value, char words[static WORDS_MAX])
{
	bool fits = *value && !is_too_long(s, value);
	char *text = NULL;

	if (fits && (s->kind == SETTING_PATH ? set_path : setting_text)(&text, value, words) < 0)
		return -1;
	if (!fits || is_too_long(s, text)) {
		say_what_is_right(s, words);
		free(text);
		return -1;
	}
	free(*to);
	*to = text;
	return 0;
}

int setting_set(const struct setting *s, void *into, const char *value, char words[static WORDS_MAX])
{
	void *to = (char *)into + s->at;
	int r = -1;

	switch (s->kind) {
	case SETTING_OWN:
		return s->set(into, value, words);
	case SETTING_TEXT:
	case SETTING_PATH:
		return set_text(s, to, value, words);
	case SETTING_NUMBER:
		r = setting_number(to, value, s->least, s->most);
		break;
	case SETTING_SIZE:
	case SETTING_PAGES:
		r = set_size(s, to, value);
		break;
	case SETTING_CHOICE:
		r = set_choice(s, to, value);
		break;
	case SETTING_SWITCH:
		r = setting_switch(to, value ? value : "yes");
	}
	if (r < 0)
		say_what_is_right(s, words);
	return r;
}

void settings_begin(const struct setting *table, void *into)
{
	char words[WORDS_MAX];

	for (; table->name; table++)
		if (table->standard && setting_set(table, into, table->standard, words) < 0)
			abort();
}

void settings_free(const struct setting *table, void *into)
{
	for (; table->name; table++) {
		char **text = (void *)((char *)into + table->at);

		if (table->kind != SETTING_TEXT && table->kind != SETTING_PATH)
			continue;
		free(*text);
		*text = NULL;
	}
}

#define UNBROKEN '\t' /* a space at which no line ends */

/* What it is by default, in one piece. */
static void add_default(const struct setting *s, char words[static WORDS_MAX])
{
	const char *text = s->standard ? s->standard : s->otherwise;
	size_t at = strlen(words) + 1;

	if (!text)
		return;
	words_add(words, " [%s]", text);
	for (char *space = words + at; (space = strchr(space, ' ')); )
		*space = UNBROKEN;
}

/* WORDS in lines of 79 columns, which begin at COLUMN; the first one is there up to AT. */
static void put_lines(FILE *f, const char *words, int at, int column)
{
	for (bool first = true; *words; first = false) {
		int n = (int)strcspn(words, " ");

		if (at + 1 + n > 79) {
			fprintf(f, "\n%*s", column, "");
			at = column;
		} else if (!first) {
			fputc(' ', f);
			at++;
		}
		for (int i = 0; i < n; i++)
			fputc(words[i] == UNBROKEN ? ' ' : words[i], f);
		at += n;
		words += n + (words[n] == ' ');
	}
	fputc('\n', f);
}

void settings_help(FILE *f, const struct setting *table, const struct setting_style *style)
{
	char words[WORDS_MAX];

	for (const struct setting *s = table; s->name; s++) {
		int at = fprintf(f, "%s%s%s%s", style->before, s->name, s->value ? style->between : "",
		                 s->value ? s->value : "");

		*words = '\0';
		if (s->help)
			words_add(words, "%s", s->help);
		else
			add_choices(s->choices, words);
		add_default(s, words);
		at += fprintf(f, "%*s", at < style->column ? style->column - at : 1, "");
		put_lines(f, words, at, style->column);
	}
}
