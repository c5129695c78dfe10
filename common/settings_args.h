/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of a command line, by a table of settings: --NAME VALUE, and those that have a letter. */
#ifndef FARPAGE_SETTINGS_ARGS_H
#define FARPAGE_SETTINGS_ARGS_H

#include "setting.h"

#define SETTINGS_ROWS_MAX 64

/* Set S. 0; 1: no more is wanted; -1 with WORDS: what is wrong with the value. */
typedef int settings_arg(void *into, const struct setting *s, const char *value, char words[static WORDS_MAX]);

/* Call TAKE with each option of PROGRAM's command line. Returns the index of the first argument that is none,
 * all others behind it; 0 once TAKE returned 1; -1 with WORDS. */
int settings_args(const struct setting *table, const char *program, int argc, char **argv, settings_arg *take,
                  void *into, char words[static WORDS_MAX]);

#endif
