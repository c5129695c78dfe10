/* SPDX-License-Identifier: BSD-2-Clause */
/* The link to the spill, on a real file; what a disk does rarely comes from fakes
 * between it and the kernel. */
#include "link_fixture.h"
#include "spill_fixture.h"

#include <errno.h>
#include <sys/wait.h>

#include "aio.h"

/* Its memory is the hand's as well. */
static struct disk {
	_Atomic unsigned refuse;    /* so many submits are refused */
	_Atomic int refusal;
	_Atomic bool holds;         /* nothing is done, but for who waits */
	_Atomic bool dead;          /* nor for them */
	_Atomic bool frozen;        /* a submit does not return */
	_Atomic int64_t res;        /* of everything that is done, if not 0 */
	_Atomic int submits, with_it, most;
	_Atomic bool wrong;
} disk;

static int fake_submit(aio_context_t context, long n, struct iocb **iocbs)
{
	int with_it, taken;

	disk.submits++;
	disk.wrong = disk.wrong || n != 1 || iocbs[0]->aio_flags != IOCB_FLAG_RESFD;
	while (disk.frozen)
		usleep(1000);
	if (disk.refuse) {
		disk.refuse--;
		errno = disk.refusal;
		return -1;
	}
	with_it = ++disk.with_it;
	disk.most = with_it > disk.most ? with_it : disk.most;
	taken = aio_submit(context, n, iocbs);
	disk.with_it -= taken != 1;
	return taken;
}

static int fake_events(aio_context_t context, long min, long max, struct io_event *event,
                       struct timespec *timeout)
{
	int n;

	if (disk.dead) {
		nanosleep(timeout, NULL);
		return 0;
	}
	n = disk.holds && !min ? 0 : aio_events(context, min, max, event, timeout);
	for (int i = 0; i < n; i++)
		event[i].res = disk.res ? disk.res : event[i].res;
	disk.with_it -= n > 0 ? n : 0;
	return n;
}

#define aio_submit fake_submit
#define aio_events fake_events
#include "spill_hand.c"
#include "link_spill.c"

#define PAGES UINT64_C(1280)

static struct link *spill;
static _Alignas(PAGE_BYTES) uint8_t data[PAGES * PAGE_BYTES], got[PAGES * PAGE_BYTES];

static void open_spill(uint64_t pages)
{
	char words[WORDS_MAX];

	memset(&disk, 0, sizeof disk);
	make_file(PAGES + SPILL_LABEL_PAGES, true, NULL);
	spill = link_spill(spill_path, pages, words);
	if (!spill) {
		no_direct(words);
		fail_msg("%s", words);
	}
	own(spill);
	assert_true(reopen(spill));
}

static int close_and_remove(void **state)
{
	if (spill)
		assert_true(spill->ops->free(spill));
	spill = NULL;
	assert_false(disk.wrong);
	return remove_file(state);
}

static uint8_t *at(uint8_t *pages, uint64_t page)
{
	return pages + page * PAGE_BYTES;
}

TEST(up_with_its_size)
{
	open_spill(2 * PAGES);
	assert_string_equal(told.identity, "spill");
	assert_true(told.pages == PAGES);
	close_and_remove(NULL);
	open_spill(10);
	assert_true(told.pages == 10);
}

TEST(there_and_back)
{
	open_spill(PAGES);
	fill(data, sizeof data, 1);
	assert_int_equal(do_ask(spill, ASK_PUT, 0, 1, data), 0);
	assert_int_equal(do_ask(spill, ASK_PUT, 5, 32, at(data, 5)), 0);
	assert_int_equal(do_ask(spill, ASK_PUT, PAGES - 1, 1, at(data, PAGES - 1)), 0);
	assert_int_equal(do_ask(spill, ASK_GET, PAGES - 1, 1, got), 0);
	assert_memory_equal(got, at(data, PAGES - 1), PAGE_BYTES);
	assert_int_equal(do_ask(spill, ASK_GET, 6, 31, got), 0);
	assert_memory_equal(got, at(data, 6), 31 * PAGE_BYTES);
	assert_int_equal(do_ask(spill, ASK_GET, 0, 1, got), 0);
	assert_memory_equal(got, data, PAGE_BYTES);
	close_and_remove(NULL);
}

TEST(a_flush_is_done_at_once_and_frees_nothing)
{
	struct stat before, after;

	open_spill(PAGES);
	assert_int_equal(do_ask(spill, ASK_PUT, 0, 32, data), 0);
	disk.submits = 0;
	assert_int_equal(stat(spill_path, &before), 0);
	assert_int_equal(do_ask(spill, ASK_DISCARD, 0, PAGES, NULL), 0);
	assert_int_equal(stat(spill_path, &after), 0);
	assert_int_equal(before.st_blocks, after.st_blocks);
	assert_int_equal(disk.submits, 0);
}

TEST(what_is_out_of_bounds_is_refused)
{
	open_spill(PAGES);
	assert_int_equal(do_ask(spill, ASK_PUT, PAGES, 1, data), EINVAL);
	assert_int_equal(do_ask(spill, ASK_PUT, PAGES - 1, 2, data), EINVAL);
	assert_int_equal(do_ask(spill, ASK_GET, UINT64_MAX, 1, got), EINVAL);
	assert_int_equal(disk.submits, 0);
}

static struct ask asks[CORE_ASKS];

/* As many as there can be, each of pages of its own. */
static void send_all(enum ask_kind kind, uint8_t *pages)
{
	for (unsigned i = 0; i < CORE_ASKS; i++) {
		asks[i] = (struct ask){ .kind = kind, .page = 6 * i, .pages = 1 + i % 6,
		                        .data = at(pages, 6 * i) };
		send_ask(spill, &asks[i]);
	}
}

static void all_reply(int error)
{
	for (unsigned i = 0; i < CORE_ASKS; i++)
		assert_int_equal(reply_of(spill, &asks[i]), error);
}

static void all_are_there(void)
{
	memset(got, 0, sizeof got);
	send_all(ASK_GET, got);
	all_reply(0);
	for (unsigned i = 0; i < CORE_ASKS; i++)
		assert_memory_equal(at(got, asks[i].page), at(data, asks[i].page),
		                    asks[i].pages * PAGE_BYTES);
}

TEST(as_many_as_there_can_be)
{
	open_spill(PAGES);
	for (uint64_t round = 0; round < 20; round++) {
		fill(data, sizeof data, round);
		assert_int_equal(do_ask(spill, ASK_PUT, 0, 1, data), 0); /* turns the ring */
		send_all(ASK_PUT, data);
		all_reply(0);
		all_are_there();
	}
	assert_in_range(disk.most, 1, HAND_MAX);
}

TEST(nothing_to_do_is_nothing_to_poll_for)
{
	open_spill(PAGES);
	send_all(ASK_PUT, data);
	all_reply(0);
	for (int i = 0; i < 100; i++) { /* the last signal may come behind its event */
		struct pollfd p = spill->ops->interest(spill);

		if (poll(&p, 1, 10) == 0)
			return;
		spill->ops->notify(spill, p.revents);
	}
	fail_msg("%s", "it wants to be polled for ever");
}

TEST(an_error_of_the_disk)
{
	open_spill(PAGES);
	disk.res = -EIO;
	assert_int_equal(do_ask(spill, ASK_PUT, 1, 2, data), EIO);
	disk.res = -ENOSPC;
	assert_int_equal(do_ask(spill, ASK_PUT, 1, 2, data), ENOSPC);
	assert_int_equal(do_ask(spill, ASK_GET, 1, 2, got), ENOSPC);
	disk.res = 0;
	assert_int_equal(do_ask(spill, ASK_GET, 1, 2, got), 0);
	assert_int_equal(told.downs, 0);
}

TEST(a_part_is_an_error)
{
	open_spill(PAGES);
	disk.res = PAGE_BYTES;
	assert_int_equal(do_ask(spill, ASK_PUT, 1, 2, data), EIO);
	assert_int_equal(do_ask(spill, ASK_GET, 1, 2, got), EIO);
	assert_int_equal(do_ask(spill, ASK_GET, 1, 1, got), 0);
	disk.res = 512;
	assert_int_equal(do_ask(spill, ASK_GET, 1, 1, got), EIO);
}

/* The file is cut behind our back: a real short read. */
TEST(a_file_that_became_shorter)
{
	open_spill(PAGES);
	assert_int_equal(truncate(spill_path, (off_t)(10 * PAGE_BYTES)), 0);
	assert_int_equal(do_ask(spill, ASK_GET, 8, 2, got), EIO);
	assert_int_equal(do_ask(spill, ASK_GET, 100, 1, got), EIO);
}

TEST(a_submit_that_is_refused)
{
	open_spill(PAGES);
	disk.refusal = EINVAL;
	disk.refuse = 1;
	assert_int_equal(do_ask(spill, ASK_PUT, 1, 1, data), EINVAL);
	assert_int_equal(do_ask(spill, ASK_PUT, 1, 1, data), 0);
	assert_int_equal(told.replies, 2);
}

TEST(a_kernel_that_is_short_of_something_is_asked_again)
{
	open_spill(PAGES);
	fill(data, sizeof data, 3);
	disk.refusal = EAGAIN;
	disk.refuse = 5;
	assert_int_equal(do_ask(spill, ASK_PUT, 0, 2, data), 0);
	assert_int_equal(disk.refuse, 0);
	assert_int_equal(do_ask(spill, ASK_GET, 0, 2, got), 0);
	assert_memory_equal(got, data, 2 * PAGE_BYTES);
}

/* A frozen filesystem: nobody but the hand waits in the kernel. */
TEST(a_submit_that_does_not_return)
{
	open_spill(PAGES);
	disk.frozen = true;
	send_all(ASK_PUT, data);
	for (int i = 0; i < 10; i++) {
		struct pollfd p = spill->ops->interest(spill);

		spill->ops->notify(spill, poll(&p, 1, 10) > 0 ? p.revents : 0);
	}
	assert_int_equal(told.replies, 0);
	disk.frozen = false;
	all_reply(0);
}

/* What it owes it may still write to. */
TEST(a_disk_that_never_answers_keeps_its_buffers)
{
	struct timespec begin, end;

	open_spill(PAGES);
	disk.dead = true;
	send_all(ASK_GET, got);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	assert_false(spill->ops->free(spill));
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_in_range(end.tv_sec - begin.tv_sec, 1, 30);
	disk.dead = false;
	assert_true(spill->ops->free(spill));
	spill = NULL;
}

TEST(close_waits_until_the_buffers_are_ours)
{
	open_spill(PAGES);
	for (int round = 0; round < 20; round++) {
		disk.holds = true;
		send_all(ASK_GET, got);
		for (int i = 0; i < 10000 && disk.with_it < (int)HAND_MAX; i++)
			usleep(1000);
		assert_int_equal(disk.with_it, HAND_MAX);
		spill->ops->close(spill);
		assert_int_equal(disk.with_it, 0);
		assert_int_equal(spill->ops->interest(spill).fd, -1);
		assert_int_equal(told.replies, 0);
		disk.holds = false;
		assert_true(reopen(spill));
	}
	fill(data, sizeof data, 4);
	send_all(ASK_PUT, data);
	all_reply(0);
	all_are_there();
	assert_int_equal(told.replies, 2 * CORE_ASKS);
}

/* nbdkit goes to the background after its plugin opened everything. */
TEST(a_process_that_was_forked_goes_on)
{
	int status;
	pid_t child;

	open_spill(PAGES);
	fill(data, sizeof data, 5);
	child = fork();
	if (child == 0)
		_exit(do_ask(spill, ASK_PUT, 3, 32, at(data, 3)) ||
		      do_ask(spill, ASK_GET, 3, 32, got) ||
		      memcmp(got, at(data, 3), 32 * PAGE_BYTES) != 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_teardown(name, close_and_remove)
	const struct CMUnitTest tests[] = {
		T(up_with_its_size),
		T(there_and_back),
		T(a_flush_is_done_at_once_and_frees_nothing),
		T(what_is_out_of_bounds_is_refused),
		T(as_many_as_there_can_be),
		T(nothing_to_do_is_nothing_to_poll_for),
		T(a_submit_that_does_not_return),
		T(a_disk_that_never_answers_keeps_its_buffers),
		T(an_error_of_the_disk),
		T(a_part_is_an_error),
		T(a_file_that_became_shorter),
		T(a_submit_that_is_refused),
		T(a_kernel_that_is_short_of_something_is_asked_again),
		T(close_waits_until_the_buffers_are_ours),
		T(a_process_that_was_forked_goes_on),
	};

	return cmocka_run_group_tests_name("the link to the spill", tests, NULL, NULL);
}
