/* SPDX-License-Identifier: BSD-2-Clause */
/* The filter of system calls (seccomp): what the daemon does once it serves is
 * allowed, and nothing else. */
#ifndef FARPAGE_FILTER_H
#define FARPAGE_FILTER_H

#include <stdbool.h>

#define FILTER_WORDS_MAX 256

/* Was it built with one? */
bool filter_built(void);
/* When all threads are there: for all of them, for ever. -1 with words. */
int filter_install(char words[static FILTER_WORDS_MAX]);

#endif
