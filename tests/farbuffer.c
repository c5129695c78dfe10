/* SPDX-License-Identifier: BSD-2-Clause */
/* farbuffer [LENDER]: a caller's buffer is itself far memory, on the same store: who faults on it waits for another
 * thread's call. Without LENDER the store is in this process. */
#include "unit.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "farpage.h"

#define PAGE   FARPAGE_PAGE_BYTES
#define N      40u  /* more than one operation */
#define FAR    512u /* where the buffer's pages are */
#define TARGET 64u
#define REQUESTS 4u

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif

static const char *lender;
static struct farpage *f;
static int faults = -1, stop[2]; /* a pipe that is closed at the end */
static pthread_t handler;
static uint8_t *buffer, data[N * PAGE], other[N * PAGE], got[N * PAGE];

/* Each page comes from the same store. */
static void bring_in(uint64_t at)
{
	static uint8_t page[PAGE];
	struct uffdio_copy copy = { .dst = at, .src = (uintptr_t)page, .len = PAGE };

	if (farpage_get(f, FAR + (at - (uintptr_t)buffer) / PAGE, 1, page) < 0 || ioctl(faults, UFFDIO_COPY, &copy) < 0)
		_exit(3);
}

static void *serve(void *unused)
{
	struct pollfd p[] = { { .fd = faults, .events = POLLIN }, { .fd = stop[0], .events = POLLIN } };
	struct uffd_msg m;

	while (poll(p, 2, -1) > 0 && !p[1].revents)
		if (read(faults, &m, sizeof m) == sizeof m)
			bring_in(m.arg.pagefault.address & ~(uint64_t)(PAGE - 1));
	return unused;
}

static int open_faults(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register all;

	buffer = mmap(NULL, N * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
	all = (struct uffdio_register){ .range = { (uintptr_t)buffer, N * PAGE }, .mode = UFFDIO_REGISTER_MODE_MISSING };
	return faults < 0 || ioctl(faults, UFFDIO_API, &api) < 0 || ioctl(faults, UFFDIO_REGISTER, &all) < 0 ? -1 : 0;
}

static void put_out(void)
{
	assert_int_equal(madvise(buffer, N * PAGE, MADV_DONTNEED), 0);
}

static int setup(void **state)
{
	const struct farpage_options o = { .lender = { lender }, .size = 1024 * PAGE, .requests = REQUESTS };

	(void)state;
	alarm(60);
	f = farpage_open(&o, sizeof o, NULL);
	if (!f)
		return -1;
	if (open_faults() < 0) {
		print_message("SKIP: no userfaultfd\n");
		faults = -1;
		return 0;
	}
	fill(data, sizeof data, 1);
	fill(other, sizeof other, 2);
	if (farpage_put(f, FAR, N, data) < 0 || farpage_put(f, TARGET, N, other) < 0)
		return -1;
	return pipe(stop) < 0 ? -1 : pthread_create(&handler, NULL, serve, NULL);
}

static int teardown(void **state)
{
	(void)state;
	if (faults >= 0) {
		close(stop[1]);
		pthread_join(handler, NULL);
		close(stop[0]);
		close(faults);
	}
	munmap(buffer, N * PAGE);
	farpage_close(f);
	return 0;
}

TEST(calls)
{
	if (faults < 0)
		skip();
	put_out();
	assert_int_equal(farpage_get(f, TARGET, N, buffer), 0);
	assert_memory_equal(buffer, other, sizeof other);
	put_out();
	assert_int_equal(farpage_put(f, TARGET, N, buffer), 0);
	assert_int_equal(farpage_get(f, TARGET, N, got), 0);
	assert_memory_equal(got, data, sizeof data);
}

/* More calls than there are buffers, and none is left for the page that they wait for. */
static void *get_one(void *to)
{
	return farpage_get(f, TARGET + (uint64_t)((uint8_t *)to - buffer) / PAGE, 1, to) < 0 ? to : NULL;
}

TEST(many_calls)
{
	pthread_t thread[N];
	void *failed;

	if (faults < 0)
		skip();
	assert_int_equal(farpage_put(f, TARGET, N, other), 0);
	put_out();
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, get_one, buffer + (size_t)i * PAGE), 0);
	for (unsigned i = 0; i < N; i++) {
		pthread_join(thread[i], &failed);
		assert_null(failed);
	}
	assert_memory_equal(buffer, other, sizeof other);
}

static void done(void *user, int error)
{
	*(int *)user = error;
}

static void wait_for(const int *error)
{
	struct pollfd p = { .fd = farpage_fd(f), .events = POLLIN };

	for (farpage_process(f); *error < 0; farpage_process(f))
		assert_int_equal(poll(&p, 1, 5000), 1);
}

static void submit(enum farpage_verb verb)
{
	const struct farpage_run run = { TARGET, N, buffer };
	int error = -1;

	assert_int_equal(farpage_submit(f, verb, &run, 1, done, &error), 0);
	wait_for(&error);
	assert_int_equal(error, 0);
}

TEST(submitted)
{
	if (faults < 0)
		skip();
	assert_int_equal(farpage_put(f, TARGET, N, other), 0);
	put_out();
	submit(FARPAGE_GET);
	assert_memory_equal(buffer, other, sizeof other);
	put_out();
	submit(FARPAGE_PUT);
	assert_int_equal(farpage_get(f, TARGET, N, got), 0);
	assert_memory_equal(got, data, sizeof data);
}

/* Out again just before it is sealed, as far memory that is short may be. */
static void done_and_out(void *user, int error)
{
	done(user, error);
	put_out();
}

TEST(out_again_between)
{
	const struct farpage_run run = { TARGET, N, buffer };
	int error = -1;

	if (faults < 0)
		skip();
	assert_int_equal(farpage_submit(f, FARPAGE_PUT, &run, 1, done_and_out, &error), 0);
	put_out();
	wait_for(&error);
	assert_int_equal(error, 0);
	assert_int_equal(farpage_get(f, TARGET, N, got), 0);
	assert_memory_equal(got, data, sizeof data);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls),
		cmocka_unit_test(many_calls),
		cmocka_unit_test(submitted),
		cmocka_unit_test(out_again_between),
	};

	lender = argc > 1 ? argv[1] : NULL;
	return cmocka_run_group_tests(tests, setup, teardown);
}
