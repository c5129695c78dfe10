/* SPDX-License-Identifier: BSD-2-Clause */
/* badnbd INPUTS SEED PORT: so many conversations with the NBD server at that port
 * of 127.0.0.1, each a good one gone bad: messages lost, said twice or in another
 * order, numbers near where they wrap around, bits turned, cut off at any byte.
 * The server has to hang up on each once it has heard the end of it, or before. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nbd.h"

#define OPEN        32          /* connections at a time */
#define ADDRESSES   4000        /* they come from */
#define MESSAGES    24          /* a conversation, at most */
#define NUMBERS     5           /* a message, at most */
#define BYTES_MAX   (64u << 10) /* of a conversation */
#define PATIENCE_MS 20000
#define POOL_BYTES  (1u << 20)  /* of the pool "bad", the first one */
#define DRAIN_MAX   (4u << 20)  /* bytes of answers that are taken */

struct message {
	size_t at, len;
	uint8_t number_at[NUMBERS], number_bytes[NUMBERS]; /* fields that hold numbers */
	unsigned numbers;
};

struct talk {
	uint8_t byte[BYTES_MAX];
	size_t len;
	struct message message[MESSAGES];
	unsigned messages;
};

static uint64_t seed;
static struct talk good, bad;
static unsigned long hung_up; /* before they heard the end */

static uint64_t dice(uint64_t n)
{
	uint64_t z = (seed += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (z ^ (z >> 31)) % n;
}

static void begin_message(struct talk *t)
{
	t->message[t->messages++] = (struct message){ .at = t->len };
}

static void say_bytes(struct talk *t, const void *data, size_t n)
{
	if (n > sizeof t->byte - t->len)
		n = sizeof t->byte - t->len;
	if (n)
		memcpy(t->byte + t->len, data, n);
	t->len += n;
	t->message[t->messages - 1].len = t->len - t->message[t->messages - 1].at;
}

/* A number of BYTES, which may be made a bad one later. */
static void say(struct talk *t, uint8_t bytes, uint64_t value)
{
	struct message *m = &t->message[t->messages - 1];
	uint8_t data[8];

	if (m->numbers < NUMBERS) {
		m->number_at[m->numbers] = (uint8_t)m->len;
		m->number_bytes[m->numbers++] = bytes;
	}
	store64(data, value << (64 - 8 * bytes));
	say_bytes(t, data, bytes);
}

static void say_option(struct talk *t, uint32_t option, uint32_t len)
{
	begin_message(t);
	say_bytes(t, "IHAVEOPT", 8);
	say(t, 4, option);
	say(t, 4, len);
}

static void say_open(struct talk *t, uint32_t option, const char *name)
{
	say_option(t, option, (uint32_t)strlen(name) + 10);
	say(t, 4, strlen(name));
	say_bytes(t, name, strlen(name));
	say(t, 2, 2);
	say_bytes(t, "\0\1\0\2", 4);
}

static void say_meta(struct talk *t, uint32_t option, const char *name)
{
	say_option(t, option, (uint32_t)strlen(name) + 4 + 4 + 4 + 15);
	say(t, 4, strlen(name));
	say_bytes(t, name, strlen(name));
	say(t, 4, 1);
	say(t, 4, 15);
	say_bytes(t, "base:allocation", 15);
}

static void say_request(struct talk *t)
{
	static const uint8_t data[8192] = { 1 };
	static const uint16_t flags[] = { 0, 0, 0, 0, 1, 2, 4, 8, 16 };
	uint16_t type = (uint16_t)dice(10);
	uint32_t length = (uint32_t)(dice(2) ? 4096 : dice(8192) + 1);
	uint64_t offset = dice(4) ? dice(POOL_BYTES) : POOL_BYTES - length + dice(3) - 1;

	if (type > NBD_CMD_BLOCK_STATUS)
		type = NBD_CMD_WRITE;
	begin_message(t);
	say_bytes(t, "\x25\x60\x95\x13", 4);
	say(t, 2, flags[dice(sizeof flags / sizeof *flags)]);
	say_bytes(t, (uint8_t[]){ 0, (uint8_t)type }, 2);
	say_bytes(t, "cookie..", 8);
	say(t, 8, type == NBD_CMD_FLUSH ? 0 : offset);
	say(t, 4, type == NBD_CMD_FLUSH ? 0 : length);
	if (type == NBD_CMD_WRITE)
		say_bytes(t, data, length);
}

static void say_good(struct talk *t)
{
	static const char *const names[] = { "", "bad", "bad?claim=me", "bad?claim=us&force", "bad@7" };
	const char *name = names[dice(5)];

	t->len = t->messages = 0;
	begin_message(t);
	say(t, 4, 2 + (dice(20) != 0));
	if (dice(2))
		say_option(t, NBD_OPT_LIST, 0);
	if (dice(2))
		say_open(t, NBD_OPT_INFO, name);
	if (dice(2)) {
		say_option(t, NBD_OPT_STRUCTURED_REPLY, 0);
		say_meta(t, NBD_OPT_LIST_META_CONTEXT, name);
		say_meta(t, NBD_OPT_SET_META_CONTEXT, name);
	}
	if (dice(4)) {
		say_open(t, NBD_OPT_GO, name);
	} else {
		say_option(t, NBD_OPT_EXPORT_NAME, (uint32_t)strlen(name));
		say_bytes(t, name, strlen(name));
	}
	for (uint64_t n = dice(10); n; n--)
		say_request(t);
}

/* Numbers at which sums, differences and shifts go wrong. */
static uint64_t bad_number(void)
{
	uint64_t near = dice(5) - 2;

	switch (dice(6)) {
	case 0: return near;
	case 1: return (UINT64_C(1) << dice(64)) + near;
	case 2: return (UINT64_C(1) << 32) + near * 4096;
	case 3: return (UINT64_C(1) << 63) + near;
	case 4: return UINT64_C(0) - dice(70000);
	}
	return dice(UINT64_MAX);
}

static void spoil_number(struct talk *t)
{
	struct message *m = &t->message[dice(t->messages)];
	unsigned i = (unsigned)dice(NUMBERS);
	uint8_t data[8];

	if (i >= m->numbers || m->at + m->number_at[i] + m->number_bytes[i] > t->len)
		return;
	store64(data, bad_number() << (64 - 8 * m->number_bytes[i]));
	memcpy(t->byte + m->at + m->number_at[i], data, m->number_bytes[i]);
}

static void spoil_byte(struct talk *t)
{
	uint8_t *at = t->byte + dice(t->len);

	if (dice(2))
		*at = (uint8_t)dice(256);
	else
		*at ^= (uint8_t)(1u << dice(8));
}

/* BAD is what GOOD says with some messages lost, twice or in another's place. */
static void spoil_order(void)
{
	bad.len = bad.messages = 0;
	for (unsigned i = 0; i < good.messages && bad.messages < MESSAGES; i++) {
		unsigned k = dice(20) ? i : (unsigned)dice(good.messages);
		const struct message *m = &good.message[k];

		if (i && !dice(20))
			continue;
		i -= i && !dice(20);
		bad.message[bad.messages] = *m;
		bad.message[bad.messages++].at = bad.len;
		say_bytes(&bad, good.byte + m->at, m->len);
	}
}

static void make_bad(void)
{
	say_good(&good);
	spoil_order();
	for (uint64_t n = dice(3); n; n--)
		spoil_number(&bad);
	for (uint64_t n = dice(2) ? 0 : 1 + dice(4); n; n--)
		spoil_byte(&bad);
	if (!dice(3))
		bad.len = 1 + dice(bad.len);
	for (size_t n = dice(40) ? 0 : dice(500), at = dice(bad.len); n && at < bad.len; n--)
		bad.byte[at++] = (uint8_t)dice(256);
}

static _Noreturn void die(const char *what, uint64_t which)
{
	fprintf(stderr, "badnbd: input %llu: %s: %s\n", (unsigned long long)which, what,
	        strerror(errno));
	exit(1);
}

/* From one of many addresses: of one alone, no lender would hear so many. */
static int dial(const struct sockaddr_in *to, uint64_t which)
{
	uint32_t host = 0x7f010000 + (uint32_t)(which % ADDRESSES);
	struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(host) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof from) < 0 ||
	    connect(fd, (const struct sockaddr *)to, sizeof *to) < 0)
		die("cannot connect", which);
	return fd;
}

/* In up to four pieces, as far as the server takes it. */
static void send_bad(int fd)
{
	size_t at = 0;

	while (at < bad.len) {
		size_t n = dice(3) ? bad.len - at : 1 + dice(bad.len - at);
		ssize_t sent = send(fd, bad.byte + at, n, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent < 0)
			break;
		at += (size_t)sent;
	}
	hung_up += at < bad.len;
}

/* It hangs up now that it has heard all, or sends more than anyone wants. */
static void hear_end(int fd, uint64_t which)
{
	static uint8_t data[256u << 10];
	size_t heard = 0;
	ssize_t n = 1;

	shutdown(fd, SHUT_WR);
	while (n > 0 && heard < DRAIN_MAX) {
		errno = 0;
		if (poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, PATIENCE_MS) != 1)
			die("it does not hang up", which);
		n = recv(fd, data, sizeof data, 0);
		heard += n > 0 ? (size_t)n : 0;
	}
}

int main(int argc, char **argv)
{
	struct { int fd; uint64_t which; } open[OPEN];
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	if (argc != 4) {
		fputs("usage: badnbd INPUTS SEED PORT\n", stderr);
		return 2;
	}
	uint64_t inputs = strtoull(argv[1], NULL, 10), first = strtoull(argv[2], NULL, 10);
	to.sin_port = htons((uint16_t)atoi(argv[3]));
	for (uint64_t i = 0; i < inputs + OPEN; i++) {
		unsigned slot = i % OPEN;

		if (i >= OPEN && open[slot].fd >= 0) {
			if (dice(8))
				hear_end(open[slot].fd, open[slot].which);
			close(open[slot].fd);
		}
		open[slot].fd = -1;
		if (i >= inputs)
			continue;
		open[slot].which = first + i;
		seed = (first + i) * UINT64_C(0xd1342543de82ef95);
		make_bad();
		open[slot].fd = dial(&to, first + i);
		send_bad(open[slot].fd);
	}
	printf("%llu bad inputs, seeds %llu and up; %lu were not heard to the end\n",
	       (unsigned long long)inputs, (unsigned long long)first, hung_up);
	return 0;
}
