/* SPDX-License-Identifier: BSD-2-Clause */
#include "log.h"

#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum log_level log_level = LOG_INFO;

static const char *const names[] = { "error", "warn", "info", "debug" };

/* A log that nobody reads must not stop us: what would block is dropped. A line
 * is at most PIPE_BUF long, so a pipe that takes a byte takes all of it. */
static void put_line(const char *line, size_t len)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct pollfd err = { .fd = STDERR_FILENO, .events = POLLOUT };

	ssize_t n = 0;

	/* What poll saw is still so when we write. */
	pthread_mutex_lock(&lock);
	if (poll(&err, 1, 0) > 0 && err.revents & POLLOUT)
		n = write(STDERR_FILENO, line, len);
	pthread_mutex_unlock(&lock);
	(void)n; /* there is nobody to tell */
}

void log_line(enum log_level level, const char *format, ...)
{
	char text[1024], line[sizeof text + 64];
	va_list ap;
	int n;

	if (level > log_level)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	n = snprintf(line, sizeof line, "farpaged: %s%s%s\n",
	             level == LOG_INFO ? "" : names[level], level == LOG_INFO ? "" : ": ", text);
	put_line(line, (size_t)n);
}

int log_level_parse(const char *text, enum log_level *level)
{
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(text, names[i]) == 0) {
			*level = (enum log_level)i;
			return 0;
		}
	return -1;
}
