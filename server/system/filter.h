/* SPDX-License-Identifier: BSD-2-Clause */
/* The filter of system calls (seccomp): allows what the daemon needs once it serves,
 * and nothing else. */
#ifndef FARPAGE_FILTER_H
#define FARPAGE_FILTER_H

#include <stdbool.h>

#include "words.h"


/* Was farpaged built with it? */
bool filter_built(void);
/* Call it when all threads exist: it applies to all of them, for good. -1 with words. */
int filter_install(char words[static WORDS_MAX]);

#endif
