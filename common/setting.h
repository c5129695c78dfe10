/* SPDX-License-Identifier: BSD-2-Clause */
/* The settings of a program, as a table: the name of each, its values, its default, and its sentence
 * of help. Command line, config file, KEY=VALUE and --help all follow from the same table. */
#ifndef FARPAGE_SETTING_H
#define FARPAGE_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "words.h"

enum setting_kind {
	SETTING_TEXT,   /* char *, on the heap; not empty, and MOST bytes if MOST is not 0 */
	SETTING_PATH,   /* the same, made absolute: the program may change its directory */
	SETTING_NUMBER, /* unsigned, from LEAST to MOST */
	SETTING_SIZE,   /* uint64_t, LEAST bytes or more */
	SETTING_PAGES,  /* the same, whole pages, and at least one */
	SETTING_CHOICE, /* an enum, the index into CHOICES */
	SETTING_SWITCH, /* bool; without a value it is on */
	SETTING_OWN,    /* what SET makes of it */
};

/* A table ends with a row without a name. */
struct setting {
	const char *name;
	const char *value;       /* what help calls its value; NULL: it takes none */
	enum setting_kind kind;
	size_t at;               /* its field's offset */
	uint64_t least, most;
	const char *unit;        /* of a number; NULL: "a number" */
	const char *const *choices; /* up to NULL */
	const char *standard;    /* its default, written like a value */
	const char *otherwise;   /* its default, in words */
	const char *help;        /* NULL: the choices say enough */
	const char *hint;        /* what would be right, as in "write a directory"; NULL: that of the kind */
	int (*set)(void *into, const char *value, char words[static WORDS_MAX]);
	char letter;             /* of a command line, or 0 */
	bool not_in_file;
};

/* How help writes a name and its value. */
struct setting_style {
	const char *before, *between;
	int column; /* where the sentences begin */
};

const struct setting *setting_find(const struct setting *table, const char *name);
/* Set its field in INTO from VALUE. -1 with WORDS: what would be right. */
int setting_set(const struct setting *, void *into, const char *value, char words[static WORDS_MAX]);
/* Set the defaults of the table. */
void settings_begin(const struct setting *table, void *into);
/* Free all texts. */
void settings_free(const struct setting *table, void *into);
/* In lines of 79 columns. */
void settings_help(FILE *, const struct setting *table, const struct setting_style *);

/* For values within other values, and for setters of a program. -1: VALUE is none. */
int setting_number(unsigned *to, const char *value, uint64_t least, uint64_t most);
int setting_switch(bool *to, const char *value);
int setting_text(char **to, const char *value, char words[static WORDS_MAX]);

#endif
