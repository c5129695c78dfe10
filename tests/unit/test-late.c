/* SPDX-License-Identifier: BSD-2-Clause */
/* The NBD server where the backend answers later: here when the test says so, in the order that it says. One thread;
 * the test is the clients, and says when the loop turns. */
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

TEST(answers_in_any_order)
{
	int fd = opened(false);

	for (unsigned i = 0; i < 4; i++)
		say_request(&said, 0, READ, i, i * PAGE_BYTES + 5, 100);
	tell(fd);
	heard(fd);
	assert_int_equal(memory.outs, 4);
	answer(2, 0);
	say_simple(&want, 0, 2);
	want_data(2 * PAGE_BYTES + 5, 100);
	heard(fd);
	answer(2, EIO);
	answer(0, 0);
	say_simple(&want, NBD_EIO, 3);
	say_simple(&want, 0, 0);
	want_data(5, 100);
	heard(fd);
	/* What asks nothing of the backend does not wait. */
	say_request(&said, 0, FLUSH, 9, 0, 0);
	say_request(&said, 0, READ, 10, SIZE, 1);
	tell(fd);
	say_simple(&want, 0, 9);
	say_simple(&want, NBD_EINVAL, 10);
	heard(fd);
	close(fd);
}

TEST(answers_at_once)
{
	uint8_t data[3 * PAGE_BYTES];
	int fd = opened(false);

	memory.at_once = true;
	fill(data, sizeof data, 3);
	for (unsigned i = 0; i < 100; i++) {
		say_request(&said, 0, WRITE, i, 3 + i * sizeof data, sizeof data);
		say_bytes(&said, data, sizeof data);
		say_simple(&want, 0, i);
	}
	tell(fd);
	heard(fd);
	for (unsigned i = 0; i < 100; i++)
		assert_memory_equal(memory.byte + 3 + i * sizeof data, data, sizeof data);
	say_request(&said, 0, READ, 1, 7, 32 << 20);
	tell(fd);
	say_simple(&want, 0, 1);
	want_data(7, 32 << 20);
	heard(fd);
	close(fd);
}

/* A simple READ of some parts says that one failed; in chunks, they are sent as they come. */
TEST(a_read_of_several_parts)
{
	const uint32_t n = 2 * PART_BYTES + 10;
	int fd = opened(false);

	say_request(&said, 0, READ, 1, 100, n);
	tell(fd);
	assert_int_equal(memory.outs, 3);
	answer(1, 0);
	answer(1, 0);
	heard(fd);
	answer(0, EIO);
	say_simple(&want, NBD_EIO, 1);
	heard(fd);
	close(fd);
	fd = opened(true);
	say_request(&said, 0, READ, 1, 100, n);
	tell(fd);
	answer(1, 0);
	say_chunk(&want, false, NBD_CHUNK_DATA, 1, 8 + PART_BYTES);
	say(&want, 8, PART_BYTES);
	want_data(PART_BYTES, PART_BYTES);
	heard(fd);
	answer(0, 0);
	say_chunk(&want, false, NBD_CHUNK_DATA, 1, 8 + PART_BYTES - 100);
	say(&want, 8, 100);
	want_data(100, PART_BYTES - 100);
	heard(fd);
	answer(0, ENOSPC);
	say_chunk(&want, true, NBD_CHUNK_ERROR, 1, 6);
	say(&want, 4, NBD_ENOSPC);
	say(&want, 2, 0);
	heard(fd);
	/* One that must not be cut. */
	say_request(&said, NBD_CMD_FLAG_DF, READ, 2, 100, n);
	tell(fd);
	answer(2, 0);
	answer(0, 0);
	heard(fd);
	answer(0, 0);
	say_chunk(&want, true, NBD_CHUNK_DATA, 2, 8 + n);
	say(&want, 8, 100);
	want_data(100, n);
	heard(fd);
	say_request(&said, NBD_CMD_FLAG_DF, READ, 3, 0, 4 * PART_BYTES);
	tell(fd);
	say_chunk(&want, true, NBD_CHUNK_ERROR, 3, 6);
	say(&want, 4, NBD_EOVERFLOW);
	say(&want, 2, 0);
	heard(fd);
	close(fd);
}

/* A READ for which there is not room enough is sent in parts, and nothing else in between. */
TEST(a_read_larger_than_the_room)
{
	const uint32_t n = 20 * PART_BYTES;
	int fd = opened(false);

	say_request(&said, 0, READ, 1, 0, 1);
	say_request(&said, 0, READ, 2, 0, n);
	say_request(&said, 0, FLUSH, 3, 0, 0);
	tell(fd);
	assert_int_equal(memory.outs, 1); /* it is alone */
	answer(0, 0);
	say_simple(&want, 0, 1);
	want_data(0, 1);
	heard(fd);
	assert_int_equal(memory.outs, ROOMS);
	say_simple(&want, 0, 2);
	want_data(0, n);
	say_simple(&want, 0, 3);
	while (memory.outs) {
		answer(memory.outs - 1, 0);
		hear(fd);
	}
	heard(fd);
	/* The first part fails: it is told. A later one: what could be told? */
	say_request(&said, 0, READ, 4, 0, n);
	tell(fd);
	answer(0, EIO);
	while (memory.outs)
		answer(0, 0);
	say_simple(&want, NBD_EIO, 4);
	heard(fd);
	say_request(&said, 0, READ, 5, 0, n);
	tell(fd);
	answer(0, 0);
	answer(0, EIO);
	turn();
	assert_int_equal(memory.left, 1);
	close(fd);
}

TEST(a_write_larger_than_the_room)
{
	const uint32_t n = 32 << 20;
	uint8_t *data = malloc(n);
	int fd = opened(false);
	size_t at = 0;

	fill(data, n, 5);
	say_request(&said, 0, WRITE, 1, 4095, n);
	tell(fd);
	while (memory.submitted < n / PART_BYTES + 1) {
		ssize_t sent = at < n ? send(fd, data + at, n - at, MSG_NOSIGNAL) : 0;

		at += sent > 0 ? (size_t)sent : 0;
		turn();
		assert_true(memory.outs > 0 || at < n);
		if (memory.outs > 3)
			answer(memory.outs / 2, 0);
	}
	while (memory.outs > 1)
		answer(0, 0);
	heard(fd);
	answer(0, 0);
	say_simple(&want, 0, 1);
	heard(fd);
	assert_memory_equal(memory.byte + 4095, data, n);
	free(data);
	close(fd);
}

TEST(no_room)
{
	uint8_t data[PAGE_BYTES];
	int fd = opened(false), other = opened(false);

	fill(data, sizeof data, 6);
	for (unsigned i = 0; i < ROOMS; i++)
		say_request(&said, 0, READ, i, i, 1);
	say_request(&said, 0, WRITE, 100, PAGE_BYTES, sizeof data);
	say_bytes(&said, data, sizeof data);
	say_request(&said, 0, TRIM, 101, 0, 5);
	tell(fd);
	assert_int_equal(memory.outs, ROOMS);
	/* Answers leave all the same; and there is room again when they have left. */
	answer(3, 0);
	say_simple(&want, 0, 3);
	want_data(3, 1);
	heard(fd);
	assert_int_equal(memory.outs, ROOMS);
	assert_int_equal(memory.out[ROOMS - 1]->verb, PART_WRITE);
	/* Another client's turn comes, too. */
	say_request(&said, 0, READ, 7, 0, 1);
	tell(other);
	while (memory.outs) {
		answer(0, 0);
		turn();
	}
	assert_memory_equal(memory.byte + PAGE_BYTES, data, sizeof data);
	say_simple(&want, 0, 7);
	want_data(0, 1);
	hear(other);
	assert_int_equal(got.len, 17);
	close(fd);
	close(other);
}

TEST(a_client_dies_with_requests_under_way)
{
	int fd = opened(false);

	for (unsigned i = 0; i < 4; i++)
		say_request(&said, 0, READ, i, 0, PART_BYTES);
	say_request(&said, 0, TRIM, 5, 0, 5);
	say_request(&said, 0, WRITE, 6, 0, 5);
	say(&said, 1, 7);
	tell(fd);
	assert_int_equal(memory.outs, 5);
	answer(0, 0);
	turn();
	close(fd);
	turn();
	assert_int_equal(memory.left, 1);
	assert_int_equal(rooms_left(), ROOMS - 4);
	answer(3, EIO);
	answer(0, 0);
	assert_int_equal(rooms_left(), ROOMS - 2);
}

/* Who asks nothing more is answered; and so is who says so. */
TEST(the_end)
{
	for (unsigned disc = 0; disc < 2; disc++) {
		int fd = opened(false);

		say_request(&said, 0, READ, 1, 9, 1);
		if (disc)
			say_request(&said, 0, DISC, 2, 0, 0);
		tell(fd);
		if (!disc)
			shutdown(fd, SHUT_WR);
		heard(fd);
		assert_int_equal(memory.left, disc);
		answer(0, 0);
		say_simple(&want, 0, 1);
		want_data(9, 1);
		heard(fd);
		assert_int_equal(memory.left, disc + 1);
		close(fd);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(answers_in_any_order),
		T(answers_at_once),
		T(a_read_of_several_parts),
		T(a_read_larger_than_the_room),
		T(a_write_larger_than_the_room),
		T(no_room),
		T(a_client_dies_with_requests_under_way),
		T(the_end),
	};

	return cmocka_run_group_tests_name("late", tests, NULL, NULL);
}
