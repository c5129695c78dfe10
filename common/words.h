/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages for a person: mostly why something failed, and the way out. The caller provides
 * WORDS_MAX bytes for them; a message that does not fit ends in "...". */
#ifndef FARPAGE_WORDS_H
#define FARPAGE_WORDS_H

#include <stdarg.h>
#include <stdbool.h>

#define WORDS_MAX 1024

/* Replace what was there. No argument may lie in WORDS. Returns true. */
bool words_print(char words[static WORDS_MAX], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void words_vprint(char words[static WORDS_MAX], const char *format, va_list)
    __attribute__((format(printf, 2, 0)));
/* Append to what is there. */
void words_add(char words[static WORDS_MAX], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void words_vadd(char words[static WORDS_MAX], const char *format, va_list)
    __attribute__((format(printf, 2, 0)));

#endif
