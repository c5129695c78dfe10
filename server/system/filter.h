/* SPDX-License-Identifier: BSD-2-Clause */
/* The filter of system calls (seccomp): what the daemon does once it serves is
 * allowed, and nothing else. */
#ifndef FARPAGE_FILTER_H
#define FARPAGE_FILTER_H

#include <stdbool.h>

#include "words.h"


/* Was it built with one? */
bool filter_built(void);
/* When all threads are there: for all of them, for ever. -1 with words. */
int filter_install(char words[static WORDS_MAX]);

#endif
