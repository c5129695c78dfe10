/* SPDX-License-Identifier: BSD-2-Clause */
/* The daemon's log: lines on stderr. Any thread. Never waits, and never called on the path
 * of a page.
 *
 * A line may contain names, words and errors from the network: bytes that do not print as one
 * character are written as \xNN, so that they cannot forge a line or control a terminal. */
#ifndef FARPAGE_LOG_H
#define FARPAGE_LOG_H

#include <stddef.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

extern enum log_level log_level;
extern const char *const log_levels[]; /* their names, up to NULL */

/* Call it before privileges are dropped: then a reader that stands still cannot block us, even
 * if other processes write to the same file. */
void log_open(void);
/* The same for another PROGRAM than farpaged. */
void log_open_as(const char *program);

void log_line(enum log_level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A line that strangers can cause at will. In each minute, the first MOST lines of one KIND are
 * written and the others are counted; log_summary() says how many there were. KIND is a string
 * that stays valid, and names them there. */
void log_often(enum log_level, const char *kind, unsigned most, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Call it once a minute. */
void log_summary(void);

/* TEXT escaped for a line, cut to SIZE bytes including its NUL. */
void log_printable(char *to, size_t size, const char *text);

#endif
