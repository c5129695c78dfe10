/* SPDX-License-Identifier: BSD-2-Clause */
/* The daemon's log: lines on stderr. Never called on the path of a page. */
#ifndef FARPAGE_LOG_H
#define FARPAGE_LOG_H

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

extern enum log_level log_level;

void log_line(enum log_level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "error", "warn", "info" or "debug"; -1 for other words. */
int log_level_parse(const char *text, enum log_level *);

#endif
