/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines to standard error, or to the system log, that never wait for their reader: lines that it does
 * not take are lost, and the next line that it takes is preceded by their number. Any thread. */
#ifndef FARPAGE_LINES_H
#define FARPAGE_LINES_H

#define LINES_TEXT_MAX 2000

/* Write to standard error, as it is now. Each line begins with PROGRAM; the line with the number of
 * lost ones goes on with WARNING. Both strings must stay valid. Call it before privileges are dropped:
 * then a reader that stands still cannot block us, even if other processes write to the same file. */
void lines_open(const char *program, const char *warning);
/* From now on, nothing in this process that writes to standard error waits for the reader for longer
 * than a moment. */
void lines_own_stderr(void);
/* From now on, where standard error is a file, a thread writes to it: a file on a tmpfs may be swapped
 * out, and wait for a device that the caller serves. 0 or an errno. */
int lines_by_thread(void);
/* Wait until it has written all, and end it, if there is one. */
void lines_end(void);
/* From now on write to the system log, because standard error is closed. */
void lines_to_syslog(void);

/* A line without its end, cut to LINES_TEXT_MAX bytes. */
void lines_put(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
