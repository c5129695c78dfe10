/* SPDX-License-Identifier: BSD-2-Clause */
/* A borrower's wire before a lender that says what it likes. The input is steps: an ask is
 * put in line, what waits is sent, or the lender says something: a reply, with what it knows
 * of the cookie, or bytes. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "wire.h"

#define COOKIE_AT 8 /* in a request's header */

enum { ASK, SEND, REPLY, SAY, STEPS };

static const uint32_t errors[] = { 0, 0, 0, EIO, ENOSPC, ESHUTDOWN, 7777, UINT32_MAX };

static struct wire wire;
static struct ask asks[CORE_ASKS];
static enum { FREE, ASKED, SENT } state[CORE_ASKS];
static int far;               /* the lender's end */
static unsigned closes_in;    /* replies, until the wire is closed from within one; 0: never */

static void replied(void *user, struct ask *ask, int error)
{
	size_t i = (size_t)(ask - asks);

	must(user == &wire && wire.fd >= 0);
	must(i < CORE_ASKS && state[i] == SENT);
	must(error == 0 || strerrorname_np(error)); /* whatever it said, the core is told an errno */
	state[i] = FREE;
	free(ask->data);
	if (closes_in && --closes_in == 0)
		wire_close(&wire);
}

static void queue(struct input *in)
{
	size_t i = 0;

	while (i < CORE_ASKS && state[i])
		i++;
	if (i == CORE_ASKS)
		return;
	asks[i] = (struct ask){ .kind = (enum ask_kind)(take(in, 1) % 3), .page = take(in, 2),
	                        .pages = 1 + (uint32_t)take(in, 1) % RUN_PAGES };
	if (asks[i].kind != ASK_DISCARD)
		asks[i].data = calloc(asks[i].pages, PAGE_BYTES); /* of its size, for ASan */
	state[i] = ASKED;
	wire_queue(&wire, &asks[i]);
}

static void hear(void)
{
	static uint8_t heard[1 << 20];

	while (recv(far, heard, sizeof heard, MSG_DONTWAIT) > 0)
		;
}

static void flush(void)
{
	for (unsigned n = 0; wire_waits_to_send(&wire) && n < 1000; n++) {
		must(wire_send(&wire) == 0);
		hear();
	}
	must(!wire_waits_to_send(&wire));
	for (size_t i = 0; i < CORE_ASKS; i++)
		state[i] = state[i] ? SENT : FREE;
}

/* Whatever the borrower makes of it, it takes all of it, or the wire ends. */
static void say(struct cuts *cuts, const uint8_t *data, size_t len)
{
	const char *words = NULL;

	while (len && wire.fd >= 0) {
		size_t n = next_cut(cuts, len);

		n = n < 65536 ? n : 65536;
		must(send(far, data, n, MSG_NOSIGNAL) == (ssize_t)n);
		data += n;
		len -= n;
		if (wire_receive(&wire, replied, &wire, &words) < 0) {
			must(words);
			wire_close(&wire);
		}
	}
}

static void reply(struct input *in, struct cuts *cuts)
{
	uint16_t i = (uint16_t)take(in, 1);
	const struct wire_slot *s = &wire.slot[i < CORE_ASKS ? i : 0];
	uint32_t magic = __builtin_bswap32(0x67446698), error = errors[take(in, 1) % 8];
	size_t bytes = s->ask && s->ask->kind == ASK_GET && !error ? s->ask->pages * PAGE_BYTES : 0;
	uint8_t *out = calloc(1, WIRE_REPLY_BYTES + bytes + UINT16_MAX);
	uint64_t bent = take(in, 1);

	must(out);
	error = __builtin_bswap32(error);
	memcpy(out, &magic, 4);
	memcpy(out + 4, &error, 4);
	memcpy(out + 8, s->header + COOKIE_AT, 8);
	out[15] = i < CORE_ASKS ? out[15] : (uint8_t)i;
	if (bent & 1)
		out[take(in, 1) % WIRE_REPLY_BYTES] ^= (uint8_t)take(in, 1);
	if (bent & 2)
		bytes = take(in, 2);
	say(cuts, out, WIRE_REPLY_BYTES + bytes);
	free(out);
}

static void step(struct input *in, struct cuts *cuts)
{
	size_t n;

	switch (take(in, 1) % STEPS) {
	case ASK:
		queue(in);
		break;
	case SEND:
		flush();
		break;
	case REPLY:
		reply(in, cuts);
		break;
	case SAY:
		n = take(in, 1);
		n = n < in->len ? n : in->len;
		say(cuts, in->data, n);
		in->data += n;
		in->len -= n;
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data, len };
	struct cuts cuts;
	int fd[2];

	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd) == 0 && wire_make(&wire) == 0);
	far = fd[1];
	wire_open(&wire, fd[0]);
	closes_in = (unsigned)take(&in, 1);
	cuts = take_cuts(&in);
	while (in.len && wire.fd >= 0)
		step(&in, &cuts);
	wire_close(&wire);
	wire_free(&wire);
	close(fd[0]);
	close(fd[1]);
	for (size_t i = 0; i < CORE_ASKS; i++)
		if (state[i])
			free(asks[i].data);
	memset(state, 0, sizeof state);
	return 0;
}
