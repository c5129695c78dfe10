/* SPDX-License-Identifier: BSD-2-Clause */
/* The sockets, and the loop; see --help. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "fault.h"

#define PAIRS    250
#define CONTROLS 8

struct control {
	int fd; /* -1: free */
	size_t len;
	char line[1024];
	bool waits;
};

static struct control controls[CONTROLS];
static const char *listen_at, *lender_at;
static uint16_t listen_port; /* once it is known */
static int listener = -1, control_listener = -1;

int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

__attribute__((noreturn)) static void die(const char *what, const char *whom)
{
	fprintf(stderr, "nbdfault: %s %s: %s\n", what, whom, strerror(errno));
	exit(1);
}

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_un un;
};

static socklen_t parse(const char *text, union address *a)
{
	memset(a, 0, sizeof *a);
	if (strncmp(text, "unix:", 5) == 0) {
		a->un.sun_family = AF_UNIX;
		if (strlen(text + 5) >= sizeof a->un.sun_path) {
			errno = ENAMETOOLONG;
			die("using", text);
		}
		strcpy(a->un.sun_path, text + 5);
		return sizeof a->un;
	}
	a->in.sin_family = AF_INET;
	a->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a->in.sin_port = htons((uint16_t)strtoul(text, NULL, 10));
	return sizeof a->in;
}

static int listen_on(const char *text, uint16_t port)
{
	union address a;
	socklen_t len = parse(text, &a);
	int on = 1, fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (a.any.sa_family == AF_UNIX)
		unlink(a.un.sun_path);
	else if (port)
		a.in.sin_port = htons(port);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
	    bind(fd, &a.any, len) < 0 || listen(fd, 64) < 0)
		die("listening on", text);
	return fd;
}

static int connect_to(const char *text)
{
	union address a;
	socklen_t len = parse(text, &a);
	int on = 1, fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, &a.any, len) < 0) {
		close(fd);
		fd = -1;
	}
	if (fd >= 0 && a.any.sa_family == AF_INET)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return fd;
}

static void accept_borrower(void)
{
	int on = 1, lender, borrower = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (borrower < 0)
		return;
	lender = connect_to(lender_at);
	if (lender < 0) {
		close(borrower);
		return;
	}
	setsockopt(borrower, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	pair_open(borrower, lender);
}

static void accept_control(void)
{
	int fd = accept4(control_listener, NULL, NULL, SOCK_CLOEXEC);

	for (struct control *c = controls; fd >= 0 && c < controls + CONTROLS; c++)
		if (c->fd < 0 && !c->waits) {
			*c = (struct control){ .fd = fd };
			return;
		}
	if (fd >= 0)
		close(fd);
}

static void answer(struct control *c, char *words)
{
	size_t len = strlen(words);

	words[len] = '\n';
	if (send(c->fd, words, len + 1, MSG_NOSIGNAL) < 0)
		say("nobody hears: %.*s", (int)len, words);
}

/* Listening ends and begins with what the weather says. */
static void keep_listening(void)
{
	bool closed = now_ms() < weather.refused_until;

	if (closed && listener >= 0) {
		close(listener);
		listener = -1;
	} else if (!closed && listener < 0) {
		listener = listen_on(listen_at, listen_port);
	}
}

static void hear(struct control *c)
{
	ssize_t n = recv(c->fd, c->line + c->len, sizeof c->line - 1 - c->len, 0);
	char words[512], *end;

	if (n <= 0) {
		close(c->fd);
		c->fd = -1;
		return;
	}
	c->len += (size_t)n;
	while ((end = memchr(c->line, '\n', c->len))) {
		*end++ = '\0';
		c->waits = command(c->line, words, sizeof words - 1) == 1;
		keep_listening(); /* when the answer comes, it is done */
		if (!c->waits)
			answer(c, words);
		c->len -= (size_t)(end - c->line);
		memmove(c->line, end, c->len);
	}
}

static int64_t sooner(int64_t a, int64_t b)
{
	return b > now_ms() && b < a ? b : a;
}

/* What to poll for of all pairs; two descriptors each. */
static unsigned gather(struct pollfd *polled, int64_t *wake)
{
	unsigned n = 0;

	for (struct pair *p = pairs; p; p = p->next)
		for (int i = 0; i < 2; i++, n++) {
			short events = pair_wants(p, (enum side)i, wake);

			polled[n] = (struct pollfd){ .fd = events ? p->fd[i] : -1, .events = events };
		}
	return n;
}

static void turn_pairs(const struct pollfd *polled, unsigned n)
{
	struct pair **at = &pairs, *p;

	/* In the order of gather(): what comes in front since then is not among them. */
	for (unsigned i = 0; i < n; i += 2, at = &(*at)->next)
		pair_turn(*at, (short[2]){ polled[i].revents, polled[i + 1].revents });
	for (at = &pairs; (p = *at);)
		if (p->broken)
			pair_free(at);
		else
			at = &p->next;
}

static void turn(void)
{
	static struct pollfd polled[2 + CONTROLS + 2 * (PAIRS + 1)];
	struct pollfd *of_pairs = polled + 2 + CONTROLS;
	int64_t wake = dice_wake();
	unsigned n;
	char words[512];

	keep_listening();
	n = gather(of_pairs, &wake);
	wake = sooner(sooner(wake, weather.refused_until), weather.vanished_until);
	polled[0] = (struct pollfd){
		.fd = now_ms() < weather.vanished_until || n / 2 >= PAIRS ? -1 : listener, .events = POLLIN };
	polled[1] = (struct pollfd){ .fd = control_listener, .events = POLLIN };
	for (int i = 0; i < CONTROLS; i++)
		polled[2 + i] = (struct pollfd){ .fd = controls[i].fd, .events = POLLIN };
	int64_t ms = wake == NEVER ? -1 : wake - now_ms();
	if (poll(polled, 2 + CONTROLS + n, ms > 60000 ? 60000 : ms < 0 && wake != NEVER ? 0 : (int)ms) < 0)
		return;
	turn_pairs(of_pairs, n);
	if (polled[0].revents)
		accept_borrower();
	for (int i = 0; i < CONTROLS; i++) {
		if (polled[2 + i].revents)
			hear(&controls[i]);
		if (controls[i].waits && command_waits(words, sizeof words - 1)) {
			controls[i].waits = false;
			if (controls[i].fd >= 0)
				answer(&controls[i], words);
		}
	}
	if (polled[1].revents)
		accept_control();
}

/* The other end of CONTROL: prints the answer; 0 if it is ok. */
static int tell(char *path, char **word)
{
	char at[128], line[1024] = "", got[512];
	size_t len = 0;
	ssize_t n;
	int fd;

	snprintf(at, sizeof at, "unix:%s", path);
	fd = connect_to(at);
	if (fd < 0)
		die("connecting to", path);
	for (; *word && len < sizeof line - 2; word++)
		len += (size_t)snprintf(line + len, sizeof line - 1 - len, "%s%s", len ? " " : "", *word);
	if (len > sizeof line - 2)
		len = sizeof line - 2;
	line[len++] = '\n';
	n = send(fd, line, len, MSG_NOSIGNAL) == (ssize_t)len ? recv(fd, got, sizeof got - 1, 0) : -1;
	close(fd);
	if (n <= 0)
		die("hearing from", path);
	fwrite(got, 1, (size_t)n, stdout);
	return strncmp(got, "ok", 2) != 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in in = { 0 };
	socklen_t len = sizeof in;
	char at[128], words[512];

	if (argc > 3 && strcmp(argv[1], "--tell") == 0)
		return tell(argv[2], argv + 3);
	if (argc < 4 || *argv[1] == '-') {
		command_help();
		return argc == 2 && strcmp(argv[1], "--help") == 0 ? 0 : 2;
	}
	listen_at = argv[1];
	lender_at = argv[2];
	for (int i = 0; i < CONTROLS; i++)
		controls[i].fd = -1;
	for (char **line = argv + 4; *line; line++)
		if (command(*line, words, sizeof words) != 0 || *words == 'e') {
			fprintf(stderr, "nbdfault: %s: %s\n", *line, words);
			return 2;
		}
	listener = listen_on(listen_at, 0);
	if (getsockname(listener, (struct sockaddr *)&in, &len) == 0 && in.sin_family == AF_INET)
		listen_port = ntohs(in.sin_port);
	snprintf(at, sizeof at, "unix:%s", argv[3]);
	control_listener = listen_on(at, 0);
	say("listening on %u", listen_port);
	for (;;)
		turn();
}
