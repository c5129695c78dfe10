/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FARPAGE_OPTIONS_CHECK_H
#define FARPAGE_OPTIONS_CHECK_H

#include "options.h"

/* Fill in what was not given, and check whether all of it goes together. -1 with WORDS. */
int options_fill_in(struct options *, char words[static WORDS_MAX]);

#endif
