/* SPDX-License-Identifier: BSD-2-Clause */
#include "stats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"

#define CLIENTS 4  /* being answered; more wait to be accepted */
#define BACKLOG 64
#define PATIENCE 5. /* with one that does not read */
#define RETRY 1.    /* after running out of descriptors */

struct client {
	struct stats *stats;
	char *json; /* NULL: this place is free */
	size_t at, len;
	ev_io writable;
	ev_timer late;
};

struct stats {
	struct ev_loop *ev;
	struct pools *pools;
	struct limits *limits;
	char *path;
	int fd;
	uint64_t start_ns;
	ev_io accepting;
	ev_timer retry;
	unsigned clients;
	struct client client[CLIENTS];
};

static void hang_up(struct client *c)
{
	struct stats *s = c->stats;

	ev_io_stop(s->ev, &c->writable);
	ev_timer_stop(s->ev, &c->late);
	close(c->writable.fd);
	free(c->json);
	c->json = NULL;
	s->clients--;
	ev_io_start(s->ev, &s->accepting);
}

static void on_late(struct ev_loop *ev, ev_timer *w, int events)
{
	(void)ev, (void)events;
	hang_up(w->data);
}

static void on_writable(struct ev_loop *ev, ev_io *w, int events)
{
	struct client *c = w->data;
	ssize_t n = send(w->fd, c->json + c->at, c->len - c->at, MSG_NOSIGNAL | MSG_DONTWAIT);

	(void)ev, (void)events;
	if (n > 0)
		c->at += (size_t)n;
	if (c->at == c->len || (n < 0 && errno != EAGAIN && errno != EINTR))
		hang_up(c);
}

static void answer(struct stats *s, struct client *c, int fd)
{
	size_t room = stats_room(s->pools);

	c->json = malloc(room);
	if (!c->json) {
		close(fd);
		return;
	}
	c->stats = s;
	c->at = 0;
	c->len = stats_json(s->pools, s->limits, (clock_ns() - s->start_ns) / 1000000, c->json, room);
	ev_io_init(&c->writable, on_writable, fd, EV_WRITE);
	ev_timer_init(&c->late, on_late, PATIENCE, 0.);
	c->writable.data = c->late.data = c;
	ev_io_start(s->ev, &c->writable);
	ev_timer_start(s->ev, &c->late);
	if (++s->clients == CLIENTS)
		ev_io_stop(s->ev, &s->accepting);
}

static void on_retry(struct ev_loop *ev, ev_timer *w, int events)
{
	struct stats *s = w->data;

	(void)events;
	if (s->clients < CLIENTS)
		ev_io_start(ev, &s->accepting);
}

static void on_acceptable(struct ev_loop *ev, ev_io *w, int events)
{
	struct stats *s = w->data;
	struct client *c = s->client;
	int fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)events;
	if (fd < 0 && errno != EAGAIN && errno != ECONNABORTED) {
		ev_io_stop(ev, w);
		ev_timer_set(&s->retry, RETRY, 0.);
		ev_timer_start(ev, &s->retry);
	}
	if (fd < 0)
		return;
	while (c->json)
		c++;
	answer(s, c, fd);
}

struct stats *stats_open(struct ev_loop *ev, const char *path, const struct unix_owner *owner,
                         struct pools *pools, struct limits *limits)
{
	struct stats *s = calloc(1, sizeof *s);
	mode_t mask = umask(0117); /* its owner and group may ask */

	if (s)
		s->fd = unix_socket_open(path, owner);
	umask(mask);
	if (!s || s->fd < 0) {
		free(s);
		return NULL;
	}
	s->ev = ev;
	s->pools = pools;
	s->limits = limits;
	s->start_ns = clock_ns();
	ev_io_init(&s->accepting, on_acceptable, s->fd, EV_READ);
	ev_timer_init(&s->retry, on_retry, RETRY, 0.);
	s->accepting.data = s->retry.data = s;
	s->path = strdup(path);
	if (!s->path || listen(s->fd, BACKLOG) < 0) {
		stats_close(s);
		return NULL;
	}
	ev_io_start(ev, &s->accepting);
	return s;
}

void stats_close(struct stats *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < CLIENTS; i++)
		if (s->client[i].json)
			hang_up(&s->client[i]);
	ev_io_stop(s->ev, &s->accepting);
	ev_timer_stop(s->ev, &s->retry);
	close(s->fd);
	unlink(s->path ? s->path : "");
	free(s->path);
	free(s);
}
