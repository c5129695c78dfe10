/* SPDX-License-Identifier: BSD-2-Clause */
/* A second program with the NBD server in it: what it serves is eight pages of its own memory,
 * behind a table of its own, and nothing of farpaged's is linked. One thread; the test is the
 * client, and says when the loop turns. */
#include "unit.h"
#include "wire.h"

#include <sys/socket.h>

#include "log.h"
#include "nbd.h"
#include "page.h"
#include "serve.h"

#define PAGES 8u
#define SIZE  (PAGES * (uint64_t)PAGE_BYTES)

/* What it knows of a client. */
struct reader {
	struct client client;
	bool joined;
};

static struct {
	uint8_t byte[SIZE];
	bool there[PAGES];
	bool shut;             /* nobody enters */
	unsigned joined, left; /* that had joined */
	unsigned gone;
	struct client *last;   /* who joined */
} memory;

static bool is_mine(const char *name, size_t len)
{
	return len == 4 && memcmp(name, "mine", 4) == 0;
}

static void list(const struct backend *b, const struct client *c,
                 void (*see)(void *data, const char *name), void *data)
{
	assert_ptr_equal(b->data, &memory);
	assert_non_null(strstr(c->peer, "process"));
	see(data, "mine");
}

static bool find(const struct backend *b, const struct client *c, const char *name, size_t len)
{
	(void)b, (void)c;
	return is_mine(name, len);
}

static uint32_t info(const struct backend *b, const struct client *c, const struct backend_ask *ask,
                     struct backend_answer *answer)
{
	(void)b, (void)c;
	if (!is_mine(ask->name, ask->len)) {
		strcpy(answer->words, "no");
		return NBD_REP_ERR_UNKNOWN;
	}
	answer->size = SIZE;
	answer->read_only = false;
	strcpy(answer->name, "mine");
	strcpy(answer->description, "eight pages");
	return 0;
}

static uint32_t join(const struct backend *b, struct client *c, const struct backend_ask *ask,
                     struct backend_answer *answer)
{
	uint32_t error = info(b, c, ask, answer);

	((struct reader *)c)->joined = !error;
	memory.joined += !error;
	memory.last = c;
	return error;
}

static void leave(struct client *c, enum backend_end how)
{
	memory.left += ((struct reader *)c)->joined && how != END_ALL;
	memory.gone++;
}

static int enter(struct client *c)
{
	assert_true(((struct reader *)c)->joined);
	return memory.shut ? -1 : 0;
}

static void out(struct client *c)
{
	(void)c;
}

static int put(struct client *c, uint64_t offset, size_t len, const uint8_t *data)
{
	(void)c;
	memcpy(memory.byte + offset, data, len);
	for (uint64_t page = offset / PAGE_BYTES; page * PAGE_BYTES < offset + len; page++)
		memory.there[page] = true;
	return 0;
}

static int fill_zeros(struct client *c, uint64_t offset, size_t len)
{
	static const uint8_t zeros[SIZE];

	return put(c, offset, len, zeros);
}

static enum backend_got get(struct client *c, uint64_t offset, size_t *len, const uint8_t **data)
{
	size_t left = PAGE_BYTES - offset % PAGE_BYTES;

	(void)c;
	*len = *len < left ? *len : left;
	*data = memory.byte + offset;
	return memory.there[offset / PAGE_BYTES] ? GOT_DATA : GOT_HOLE;
}

static enum backend_got look(struct client *c, uint64_t offset, size_t *len)
{
	const uint8_t *data;

	return get(c, offset, len, &data);
}

/* A page a call. */
static int64_t erase(struct client *c, uint64_t *offset, uint64_t end, uint64_t max)
{
	uint64_t page = *offset / PAGE_BYTES, stop = (page + 1) * PAGE_BYTES;
	bool whole = *offset % PAGE_BYTES == 0 && stop <= end;

	(void)c;
	assert_true(max > 0);
	stop = stop < end ? stop : end;
	memset(memory.byte + *offset, 0, stop - *offset);
	memory.there[page] &= !whole;
	*offset = stop;
	return whole;
}

static const struct backend_ops ops = {
	.client_bytes = sizeof(struct reader),
	.list = list,
	.find = find,
	.info = info,
	.join = join,
	.leave = leave,
	.enter = enter,
	.exit = out,
	.put = put,
	.fill = fill_zeros,
	.get = get,
	.look = look,
	.erase = erase,
};

static struct limits limits;
static struct budget budget;
static struct shared shared = { .limits = &limits, .budget = &budget, .backend = { &ops, &memory } };
static struct loop *loop;
static struct wire said, want;

static int setup(void **state)
{
	(void)state;
	log_level = LOG_ERROR;
	memset(&memory, 0, sizeof memory);
	limits_init(&limits, 100, 100, 100);
	loop = serve_new(ev_loop_new(EVFLAG_AUTO), &shared);
	return loop ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	loop_free(loop);
	assert_int_equal(limits.slots, 0);
	limits_free(&limits);
	wire_free(&said);
	wire_free(&want);
	return 0;
}

static void turn(void)
{
	for (int i = 0; i < 50; i++)
		ev_run(loop->ev, EVRUN_NOWAIT);
}

/* What was said goes there, and what was wanted comes back. */
static void talk(int fd)
{
	uint8_t got[65536];

	if (said.len)
		assert_int_equal(send(fd, said.byte, said.len, MSG_NOSIGNAL), said.len);
	turn();
	ssize_t n = recv(fd, got, sizeof got, 0);
	assert_int_equal(n, want.len ? (ssize_t)want.len : -1);
	if (want.len)
		assert_memory_equal(got, want.byte, want.len);
	said.len = want.len = 0;
}

/* A client's end of a connection, behind the greeting. */
static int dial(void)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	loop_adopt(loop, (struct accepted){ fd[0], limits_enter(&limits, fd[0], "here") });
	say_greeting(&want);
	talk(fd[1]);
	say(&said, 4, 3);
	return fd[1];
}

static void want_infos(uint32_t option)
{
	say_infos(&want, option, SIZE, 1 | 4 | 8 | 32 | 64 | 256 | 1024 | 2048);
}

static int opened(void)
{
	int fd = dial();

	say_open(&said, 7, "mine", 0, NULL);
	want_infos(7);
	say_ack(&want, 7);
	talk(fd);
	assert_int_equal(memory.joined - memory.left, 1);
	return fd;
}

TEST(a_page_there_and_back_and_gone)
{
	uint8_t data[PAGE_BYTES];
	int fd = opened();

	fill(data, sizeof data, 1);
	say_request(&said, 0, 1, 10, 3 * PAGE_BYTES, PAGE_BYTES);
	say_bytes(&said, data, sizeof data);
	say_simple(&want, 0, 10);
	talk(fd);
	assert_memory_equal(memory.byte + 3 * PAGE_BYTES, data, sizeof data);
	say_request(&said, 0, 0, 11, 2 * PAGE_BYTES, 3 * PAGE_BYTES);
	say_simple(&want, 0, 11);
	for (int page = 2; page < 5; page++)
		for (unsigned i = 0; i < PAGE_BYTES; i++)
			say(&want, 1, page == 3 ? data[i] : 0);
	talk(fd);
	say_request(&said, 0, 4, 12, 0, SIZE);
	say_simple(&want, 0, 12);
	talk(fd);
	assert_false(memory.there[3]);
	close(fd);
	turn();
	assert_int_equal(memory.left, 1);
}

TEST(parts_of_pages_and_zeros_that_are_there)
{
	uint8_t data[3000];
	int fd = opened();

	fill(data, sizeof data, 2);
	say_request(&said, 0, 1, 10, 3000, sizeof data);
	say_bytes(&said, data, sizeof data);
	say_simple(&want, 0, 10);
	say_request(&said, 2, 6, 11, 4 * PAGE_BYTES, PAGE_BYTES);
	say_simple(&want, 0, 11);
	say_request(&said, 0, 0, 12, 3001, sizeof data - 1);
	say_simple(&want, 0, 12);
	say_bytes(&want, data + 1, sizeof data - 1);
	talk(fd);
	assert_true(memory.there[0] && memory.there[1] && memory.there[4]);
	close(fd);
}

TEST(exports_are_listed_and_told_of)
{
	const uint16_t infos[] = { 1, 2 };
	int fd = dial();

	say_option(&said, 3, NULL, 0);
	say_reply(&want, 3, 2, 8);
	say(&want, 4, 4);
	say_text(&want, "mine");
	say_ack(&want, 3);
	say_open(&said, 6, "mine", 2, infos);
	want_infos(6);
	say_info_text(&want, 6, 1, "mine");
	say_info_text(&want, 6, 2, "eight pages");
	say_ack(&want, 6);
	say_open(&said, 6, "other", 0, NULL);
	say_reply(&want, 6, NBD_REP_ERR_UNKNOWN, 2);
	say_text(&want, "no");
	talk(fd);
	assert_int_equal(memory.joined, 0);
	close(fd);
	turn();
	assert_int_equal(memory.gone, 1);
}

/* Nobody wants pages back here, so no context tells of that. */
TEST(only_what_it_has_is_offered)
{
	struct wire data = {0};
	int fd = dial();

	say_option(&said, 8, NULL, 0);
	say_ack(&want, 8);
	say(&data, 4, 4);
	say_text(&data, "mine");
	say(&data, 4, 0);
	say_option(&said, 9, data.byte, data.len);
	say_reply(&want, 9, 4, 4 + 15);
	say(&want, 4, 0);
	say_text(&want, "base:allocation");
	say_ack(&want, 9);
	talk(fd);
	wire_free(&data);
	close(fd);
}

TEST(a_client_that_may_not_enter_any_more_is_hung_up_on)
{
	int fd = opened();
	uint8_t byte;

	memory.shut = true;
	say_request(&said, 0, 0, 1, 0, PAGE_BYTES);
	assert_int_equal(send(fd, said.byte, said.len, 0), said.len);
	turn();
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	assert_int_equal(memory.left, 1);
	said.len = 0;
	close(fd);
}

TEST(the_backend_hangs_up)
{
	int fd = opened();
	uint8_t byte;

	memory.last->hang_up(memory.last, "it is enough");
	turn();
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	assert_int_equal(memory.left, 1);
	close(fd);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_page_there_and_back_and_gone),
		T(parts_of_pages_and_zeros_that_are_there),
		T(exports_are_listed_and_told_of),
		T(only_what_it_has_is_offered),
		T(a_client_that_may_not_enter_any_more_is_hung_up_on),
		T(the_backend_hangs_up),
	};

	return cmocka_run_group_tests_name("backend", tests, NULL, NULL);
}
