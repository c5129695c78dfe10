/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines to standard error, or to the system's log, that wait for nobody: what nobody takes is lost,
 * and how many lines that were is told as soon as somebody takes lines again. Any thread. */
#ifndef FARPAGE_LINES_H
#define FARPAGE_LINES_H

#define LINES_TEXT_MAX 2000

/* To standard error, as it is now; each line begins with PROGRAM, and the one that says how many were
 * lost goes on with WARNING. Both stay. Before privileges are dropped: a reader that stands still will not stop
 * us, whoever else writes to what stderr is. Without it that holds as long as nobody else does. */
void lines_open(const char *program, const char *warning);
/* From now on standard error, too, waits for nobody, or for a moment only, whoever of this process
 * writes to it. */
void lines_own_stderr(void);
/* To the system's log, whoever has it: standard error is nobody's any more. */
void lines_to_syslog(void);

/* A line without its end, cut to LINES_TEXT_MAX bytes. */
void lines_put(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
