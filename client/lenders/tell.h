/* SPDX-License-Identifier: BSD-2-Clause */
/* Tells the program what it wants to be told, by a thread of its own: who takes words may
 * stand still, and nothing else does. */
#ifndef FARPAGE_TELL_H
#define FARPAGE_TELL_H

#include <stdint.h>

struct tell;

/* WARN is called with USER. NULL with errno. */
struct tell *tell_open(void (*warn)(void *user, const char *words), void *user);
/* Never waits for WARN. Words that there is no room for are lost, and counted. NULL tells nobody. */
void tell_say(struct tell *, const char *words);
/* What was said is told first, until END (as clock_ms() tells it) at most. */
void tell_close(struct tell *, int64_t end);

#endif
