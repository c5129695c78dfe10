/* SPDX-License-Identifier: BSD-2-Clause */
#include "stats_socket.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "farpage.h"

#define STACK_BYTES (64u << 10)
#define RETRY_MS    1000 /* after running out of descriptors */

static struct {
	struct sockaddr_un at;
	int fd, stop;
	struct farpage *farpage;
	pthread_t thread;
	bool running;
	char json[FARPAGE_STATS_JSON_MAX];
} stats = { .fd = -1, .stop = -1 };

static int stats_refuse(char words[static WORDS_MAX], const char *what)
{
	words_print(words, "stats=%s: %s: %s", stats.at.sun_path, what, strerror(errno));
	return -1;
}

/* Left over from a process that was killed? */
static bool is_stale(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error = 0;
	struct stat st;

	if (fd < 0)
		return false;
	if (connect(fd, (const struct sockaddr *)&stats.at, sizeof stats.at) < 0)
		error = errno;
	close(fd);
	return error == ECONNREFUSED && lstat(stats.at.sun_path, &st) == 0 && S_ISSOCK(st.st_mode);
}

int stats_socket_open(const char *path, char words[static WORDS_MAX])
{
	mode_t mask;
	int r;

	stats.at.sun_family = AF_UNIX;
	strcpy(stats.at.sun_path, path);
	stats.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	stats.stop = eventfd(0, EFD_CLOEXEC);
	if (stats.fd < 0 || stats.stop < 0)
		return stats_refuse(words, "no socket");
	if (is_stale())
		unlink(path);
	mask = umask(0117); /* its owner and group may ask */
	r = bind(stats.fd, (const struct sockaddr *)&stats.at, sizeof stats.at);
	umask(mask);
	if (r < 0) {
		r = stats_refuse(words, "cannot listen there");
		close(stats.fd);
		stats.fd = -1; /* another's is not to be removed */
		return r;
	}
	return listen(stats.fd, 8) < 0 ? stats_refuse(words, "cannot listen there") : 0;
}

/* All of it fits into the socket's buffer, or it is not sent: nobody is waited for. */
static void answer(void)
{
	int fd = accept4(stats.fd, NULL, NULL, SOCK_CLOEXEC);
	size_t n;

	if (fd < 0 && errno != EAGAIN && errno != ECONNABORTED)
		poll(&(struct pollfd){ .fd = stats.stop, .events = POLLIN }, 1, RETRY_MS);
	if (fd < 0)
		return;
	n = farpage_stats_json(stats.farpage, stats.json, sizeof stats.json);
	(void)!send(fd, stats.json, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

static void *run(void *unused)
{
	struct pollfd p[] = { { .fd = stats.stop, .events = POLLIN },
	                      { .fd = stats.fd, .events = POLLIN } };

	while (poll(p, 2, -1) < 0 || !p[0].revents)
		if (p[1].revents)
			answer();
	return unused;
}

int stats_socket_start(struct farpage *f)
{
	size_t stack = STACK_BYTES > (size_t)PTHREAD_STACK_MIN ? STACK_BYTES : (size_t)PTHREAD_STACK_MIN;
	pthread_attr_t attr;
	sigset_t all, old;
	int e;

	if (stats.fd < 0)
		return 0;
	stats.farpage = f;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, stack);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	e = pthread_create(&stats.thread, &attr, run, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	stats.running = !e;
	return e;
}

void stats_socket_close(void)
{
	if (stats.running) {
		eventfd_write(stats.stop, 1);
		pthread_join(stats.thread, NULL);
		stats.running = false;
	}
	if (stats.fd >= 0) {
		close(stats.fd);
		unlink(stats.at.sun_path);
		stats.fd = -1;
	}
	if (stats.stop >= 0)
		close(stats.stop);
	stats.stop = -1;
}
