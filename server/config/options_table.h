/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of farpaged's options: options.c has it, options_read.c reads by it. */
#ifndef FARPAGE_OPTIONS_TABLE_H
#define FARPAGE_OPTIONS_TABLE_H

#include "options.h"

#define OPTIONS_ROWS_MAX 64 /* bits of options.said */

struct option_row {
	const char *name, *argument; /* "SIZE"; NULL: it takes none */
	bool in_file;
	/* NULL, or words that say what would be right. */
	const char *(*set)(struct options *, const char *value);
	const char *help;
};

extern const struct option_row options_table[];
extern const unsigned options_rows;

/* Setters of a file of their own. */
const char *options_set_pool(struct options *, const char *value);
const char *options_set_drop_pool(struct options *, const char *value);
/* A whole number from LEAST to MOST; false: VALUE is none. */
bool options_number(unsigned *to, const char *value, unsigned long least, unsigned long most);

void options_help(void);
/* As if nothing was said. */
struct options options_nothing(void);
/* What was not said, and whether all of it goes together. -1 with words. */
int options_fill_in(struct options *, char words[static WORDS_MAX]);

#endif
