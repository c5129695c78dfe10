/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of farpaged's options. */
#ifndef FARPAGE_OPTIONS_TABLE_H
#define FARPAGE_OPTIONS_TABLE_H

#include "options.h"
#include "setting.h"

#define OPTIONS_ROWS_MAX 64 /* bits of options.said */

extern const struct setting options_table[];

/* OPTION is a row of the table. */
int options_set(struct options *, const struct setting *option, const char *value,
                char words[static WORDS_MAX]);
bool options_said(const struct options *, const struct setting *option);

/* The options when nothing is given. */
struct options options_nothing(void);

#endif
