/* SPDX-License-Identifier: BSD-2-Clause */
#include "lines.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#define LINE_BYTES 2048 /* less than PIPE_BUF: a pipe takes all of a line or nothing */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* all below */
static enum out_kind { OUT_AS_IT_IS, OUT_NONBLOCKING, OUT_SOCKET, OUT_SYSLOG } kind;
static int out = STDERR_FILENO;
static const char *program = "", *warning = "";
static unsigned long lost; /* lines that nobody took */

static void go_to(int fd, enum out_kind how)
{
	if (out != STDERR_FILENO && out >= 0)
		close(out);
	out = fd;
	kind = how;
}

void lines_open(const char *who, const char *warns)
{
	struct stat st;
	int fd = -1;

	pthread_mutex_lock(&lock);
	program = who;
	warning = warns;
	go_to(STDERR_FILENO, OUT_AS_IT_IS);
	if (fstat(STDERR_FILENO, &st) == 0) {
		if (S_ISSOCK(st.st_mode))
			kind = OUT_SOCKET;
		/* As a file of our own: what it is to others stays as it is. */
		if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))
			fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (fd >= 0)
			go_to(fd, OUT_NONBLOCKING);
	}
	pthread_mutex_unlock(&lock);
}

/* A socket, as services have, cannot be opened as a file of our own. */
void lines_own_stderr(void)
{
	const struct timeval a_moment = { .tv_usec = 100000 };

	pthread_mutex_lock(&lock);
	if (kind == OUT_SOCKET)
		setsockopt(STDERR_FILENO, SOL_SOCKET, SO_SNDTIMEO, &a_moment, sizeof a_moment);
	if (kind == OUT_NONBLOCKING)
		dup3(out, STDERR_FILENO, 0);
	pthread_mutex_unlock(&lock);
}

static struct {
	pthread_t thread;
	bool runs;
	int from;
} writer;

static void *write_on(void *unused)
{
	char text[LINE_BYTES];
	ssize_t n;

	while ((n = read(writer.from, text, sizeof text)) > 0)
		(void)!write(STDERR_FILENO, text, (size_t)n);
	close(writer.from);
	return unused;
}

/* Only a file makes its writers wait: pipes, terminals and sockets are not written to before they can
 * take a line. */
int lines_by_thread(void)
{
	struct stat st;
	int error, fds[2];

	if (fstat(STDERR_FILENO, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return errno;
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	writer.from = fds[0];
	error = pthread_create(&writer.thread, NULL, write_on, NULL);
	if (error) {
		close(fds[0]);
		close(fds[1]);
		return error;
	}
	writer.runs = true;
	pthread_mutex_lock(&lock);
	go_to(fds[1], OUT_NONBLOCKING);
	pthread_mutex_unlock(&lock);
	return 0;
}

void lines_end(void)
{
	if (!writer.runs)
		return;
	pthread_mutex_lock(&lock);
	go_to(STDERR_FILENO, OUT_AS_IT_IS);
	pthread_mutex_unlock(&lock);
	pthread_join(writer.thread, NULL);
	writer.runs = false;
}

/* Whoever has the log may have been started anew since. */
static void dial_syslog(void)
{
	const struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&un, sizeof un) < 0) {
		close(fd);
		fd = -1;
	}
	go_to(fd, OUT_SYSLOG);
}

void lines_to_syslog(void)
{
	pthread_mutex_lock(&lock);
	dial_syslog();
	pthread_mutex_unlock(&lock);
}

static bool would_wait(void)
{
	struct pollfd p = { .fd = out, .events = POLLOUT };

	return poll(&p, 1, 0) <= 0 || !(p.revents & POLLOUT);
}

static bool write_line(const char *line, size_t len)
{
	if (kind == OUT_SOCKET || kind == OUT_SYSLOG)
		return send(out, line, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
	if (kind == OUT_AS_IT_IS && would_wait())
		return false;
	return write(out, line, len) == (ssize_t)len;
}

/* Under the lock. */
static bool put(const char *text)
{
	char line[LINE_BYTES];
	int n;

	if (kind != OUT_SYSLOG) {
		n = snprintf(line, sizeof line, "%s: %s\n", program, text);
		return write_line(line, (size_t)n);
	}
	n = snprintf(line, sizeof line, "<%d>%s[%d]: %s", LOG_DAEMON | LOG_WARNING, program,
	             (int)getpid(), text);
	if (write_line(line, (size_t)n))
		return true;
	dial_syslog();
	return write_line(line, (size_t)n);
}

void lines_put(const char *format, ...)
{
	char text[LINES_TEXT_MAX], gap[100];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	pthread_mutex_lock(&lock);
	if (lost) {
		snprintf(gap, sizeof gap, "%sthe reader of this log was too slow: %lu line%s "
		                          "lost", warning, lost,
		         lost == 1 ? " is" : "s are");
		if (put(gap))
			lost = 0;
	}
	if (lost || !put(text))
		lost++;
	pthread_mutex_unlock(&lock);
}
