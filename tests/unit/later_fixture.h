/* SPDX-License-Identifier: BSD-2-Clause */
/* The NBD server before a backend that answers later: when the test says so, in the order that it says. One thread; the
 * test is the clients, and says when the loop turns. */
#ifndef FARPAGE_LATER_FIXTURE_H
#define FARPAGE_LATER_FIXTURE_H

#include "unit.h"
#include "wire.h"

#include <errno.h>
#include <sys/socket.h>

#include "log.h"
#include "nbd.h"
#include "page.h"
#include "serve.h"

#define SIZE   (UINT64_C(48) << 20)
#define ROOMS  8u
#define ONCE   3u

enum { READ, WRITE, DISC, FLUSH, TRIM };

static struct {
	uint8_t byte[SIZE];
	uint8_t room[ROOMS][PART_BYTES] __attribute__((aligned(4096)));
	struct part part[ROOMS];
	bool taken[ROOMS];
	struct client *waits[2];    /* for room */
	struct part *out[ROOMS];    /* submitted, the oldest first */
	unsigned outs, left, submitted;
	bool at_once;               /* answered from within submit */
} memory;

static void list(const struct backend *b, const struct client *c, void (*see)(void *data, const char *name), void *data)
{
	(void)b, (void)c;
	see(data, "");
}

static bool find(const struct backend *b, const struct client *c, const char *name, size_t len)
{
	(void)b, (void)c, (void)name, (void)len;
	return true;
}

static uint32_t info(const struct backend *b, const struct client *c, const struct backend_ask *ask,
                     struct backend_answer *answer)
{
	(void)b, (void)c, (void)ask;
	answer->size = SIZE;
	answer->read_only = false;
	return 0;
}

static uint32_t join(const struct backend *b, struct client *c, const struct backend_ask *ask,
                     struct backend_answer *answer)
{
	c->parts_at_once = ONCE;
	return info(b, c, ask, answer);
}

static void leave(struct client *c, enum backend_end how)
{
	(void)how;
	for (unsigned i = 0; i < COUNT(memory.waits); i++)
		if (memory.waits[i] == c)
			memory.waits[i] = NULL;
	memory.left++;
}

static int enter(struct client *c)
{
	(void)c;
	return 0;
}

static void out(struct client *c)
{
	(void)c;
}

static enum backend_got look(struct client *c, uint64_t offset, size_t *len)
{
	(void)c, (void)offset, (void)len;
	return GOT_DATA;
}

static unsigned rooms_left(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < ROOMS; i++)
		n += !memory.taken[i];
	return n;
}

static struct part *take(struct client *c, unsigned n)
{
	struct part *first = NULL;

	assert_in_range(n, 1, ONCE);
	if (rooms_left() < n) {
		memory.waits[memory.waits[0] && memory.waits[0] != c] = c;
		return NULL;
	}
	for (unsigned i = 0; n; i++) {
		if (memory.taken[i])
			continue;
		memory.taken[i] = true;
		memory.part[i].room = memory.room[i];
		memory.part[i].next = first;
		first = &memory.part[i];
		n--;
	}
	return first;
}

static void give(struct part *p)
{
	unsigned i = (unsigned)(p - memory.part);

	assert_true(memory.taken[i]);
	memory.taken[i] = false;
	memset(memory.room[i], 'G', PART_BYTES); /* nobody may look any more */
	for (unsigned j = 0; j < COUNT(memory.waits); j++) {
		if (memory.waits[j])
			memory.waits[j]->stir(memory.waits[j]);
		memory.waits[j] = NULL;
	}
}

static void carry_out(struct part *p, int error)
{
	if (!error && p->verb == PART_READ)
		memcpy(p->data, memory.byte + p->offset, p->length);
	else if (!error && p->verb == PART_WRITE)
		memcpy(memory.byte + p->offset, p->data, p->length);
	else if (!error)
		memset(memory.byte + p->offset, 0, p->length);
	part_answer(p, error);
}

static void submit(struct part *p)
{
	assert_true(p->length && p->offset + p->length <= SIZE);
	if (p->verb != PART_ZERO) {
		assert_ptr_equal(p->data, p->room + p->offset % PAGE_BYTES);
		assert_true(p->offset % PAGE_BYTES + p->length <= PART_BYTES);
	}
	memory.submitted++;
	if (memory.at_once)
		carry_out(p, 0);
	else
		memory.out[memory.outs++] = p;
}

static void answer(unsigned i, int error)
{
	struct part *p = memory.out[i];

	assert_true(i < memory.outs);
	memmove(&memory.out[i], &memory.out[i + 1], (--memory.outs - i) * sizeof *memory.out);
	carry_out(p, error);
}

static const struct backend_ops ops = {
	.client_bytes = sizeof(struct client),
	.list = list,
	.find = find,
	.info = info,
	.join = join,
	.leave = leave,
	.enter = enter,
	.exit = out,
	.look = look,
	.take = take,
	.submit = submit,
	.give = give,
};

static struct limits limits;
static struct budget budget;
static struct shared shared = { .limits = &limits, .budget = &budget, .backend = { &ops, &memory } };
static struct loop *loop;
static struct wire said, want;
static struct wire got;

static int setup(void **state)
{
	(void)state;
	log_level = LOG_ERROR;
	memset(&memory, 0, sizeof memory);
	fill(memory.byte, 4 << 20, 1);
	limits_init(&limits, 100, 100, 100);
	loop = serve_new(ev_loop_new(EVFLAG_AUTO), &shared);
	return loop ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	loop_free(loop);
	while (memory.outs)
		answer(0, 0);
	assert_int_equal(rooms_left(), ROOMS);
	assert_int_equal(limits.slots, 0);
	limits_free(&limits);
	wire_free(&said);
	wire_free(&want);
	wire_free(&got);
	return 0;
}

static void turn(void)
{
	for (int i = 0; i < 20; i++)
		ev_run(loop->ev, EVRUN_NOWAIT);
}

/* What FD's client has been told since. */
static void hear(int fd)
{
	static uint8_t block[1 << 20];
	ssize_t n;

	turn();
	while ((n = recv(fd, block, sizeof block, 0)) > 0) {
		say_bytes(&got, block, (size_t)n);
		turn();
	}
}

static void heard(int fd)
{
	hear(fd);
	assert_int_equal(got.len, want.len);
	if (want.len)
		assert_memory_equal(got.byte, want.byte, want.len);
	got.len = want.len = 0;
}

static void tell(int fd)
{
	for (size_t at = 0; at < said.len; turn()) {
		ssize_t n = send(fd, said.byte + at, said.len - at, MSG_NOSIGNAL);

		assert_true(n > 0);
		at += (size_t)n;
	}
	turn();
	said.len = 0;
}

static int opened(bool structured)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	loop_adopt(loop, (struct accepted){ fd[0], limits_enter(&limits, fd[0], "here") });
	say(&said, 4, 3);
	if (structured)
		say_option(&said, 8, NULL, 0);
	say_open(&said, 7, "", 0, NULL);
	tell(fd[1]);
	hear(fd[1]);
	got.len = 0;
	return fd[1];
}

static void want_data(uint64_t offset, size_t n)
{
	say_bytes(&want, memory.byte + offset, n);
}

#endif
