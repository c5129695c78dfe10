/* SPDX-License-Identifier: BSD-2-Clause */
/* Words for a person: mostly why something cannot be, and the way out. Whoever asks has the room for
 * them, WORDS_MAX bytes; what does not fit there ends in "...". */
#ifndef FARPAGE_WORDS_H
#define FARPAGE_WORDS_H

#include <stdarg.h>
#include <stdbool.h>

#define WORDS_MAX 1024

/* Instead of what was there. No argument may lie in WORDS. True: there are words. */
bool words_print(char words[static WORDS_MAX], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void words_vprint(char words[static WORDS_MAX], const char *format, va_list)
    __attribute__((format(printf, 2, 0)));
/* Behind what is there. */
void words_add(char words[static WORDS_MAX], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void words_vadd(char words[static WORDS_MAX], const char *format, va_list)
    __attribute__((format(printf, 2, 0)));

#endif
