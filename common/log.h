/* SPDX-License-Identifier: BSD-2-Clause */
/* The daemon's log: lines on stderr. Any thread. Never waits, and never called on the path
 * of a page.
 *
 * Names, words and errors that come from the network may stand in a line: whatever does not
 * print as one character is written as \xNN, so that nobody can begin a line or drive a terminal. */
#ifndef FARPAGE_LOG_H
#define FARPAGE_LOG_H

#include <stddef.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

extern enum log_level log_level;
extern const char *const log_levels[]; /* their names, up to NULL */

/* Before privileges are dropped: a reader that stands still will not stop us, whoever else
 * writes to what stderr is. Without it that holds as long as nobody else does. */
void log_open(void);

void log_line(enum log_level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A line that strangers can cause as often as they like. The first MOST of a minute that
 * are of the same KIND are written; the others are counted, and log_summary() says how many
 * they were. KIND is words that last, and is told then. */
void log_often(enum log_level, const char *kind, unsigned most, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* A minute is over. */
void log_summary(void);

/* TEXT as a line may have it, cut to SIZE bytes with its NUL. */
void log_printable(char *to, size_t size, const char *text);

#endif
