/* SPDX-License-Identifier: BSD-2-Clause */
/* Passes messages to the program, in a separate thread: if the program's function blocks, nothing
 * else does. */
#ifndef FARPAGE_TELL_H
#define FARPAGE_TELL_H

#include <stdint.h>

struct tell;

/* Start the thread, which calls WARN with USER. NULL with errno. */
struct tell *tell_open(void (*warn)(void *user, const char *words), void *user);
/* Never waits for WARN. Messages without room are lost, and counted. If TELL is NULL, does nothing. */
void tell_say(struct tell *, const char *words);
/* End it, after passing the remaining messages, at most until END, a moment of clock_ms(). */
void tell_close(struct tell *, int64_t end);

#endif
