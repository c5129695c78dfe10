/* SPDX-License-Identifier: BSD-2-Clause */
/* Under the filter, in a child each: what only an intruder does ends the process,
 * what else is not allowed fails with ENOSYS, on every thread, and what the daemon
 * does works as before. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "filter.h"

/* WHAT returns 0 if it went as it should; the child's status as of waitpid(). */
static int filtered(int (*what)(void))
{
	char words[WORDS_MAX];
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* no core file of what is killed */
		if (filter_install(words) < 0) {
			fprintf(stderr, "%s\n", words);
			_exit(99);
		}
		_exit(what());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static bool fine(int (*what)(void))
{
	int status = filtered(what);

	if (status)
		fprintf(stderr, "status %#x\n", (unsigned)status);
	return status == 0;
}

static bool killed(int (*what)(void))
{
	int status = filtered(what);

	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

static char *no_words[] = { NULL };

static int runs_a_program(void)
{
	execve("/bin/true", no_words, no_words);
	return 1;
}

static int runs_a_descriptor(void)
{
	syscall(SYS_execveat, 0, "", no_words, no_words, AT_EMPTY_PATH);
	return 1;
}

static int traces(void)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	return 1;
}

static int reads_a_process(void)
{
	char c;
	struct iovec v = { &c, 1 };

	process_vm_readv(getppid(), &v, 1, &v, 1, 0);
	return 1;
}

TEST(an_intruder_ends_it)
{
	assert_true(killed(runs_a_program));
	assert_true(killed(runs_a_descriptor));
	assert_true(killed(traces));
	assert_true(killed(reads_a_process));
}

/* 0 if R says that it is not allowed, or the LINE where it was. */
static int refused(long r, int line)
{
	return r == -1 && errno == ENOSYS ? 0 : line % 200 + 1;
}
#define REFUSED(call) do { \
		int line_ = refused((call), __LINE__); \
		if (line_) \
			return line_; \
	} while (0)

static int other_calls(void)
{
	struct rlimit limit = {0};

	REFUSED(socket(AF_INET, SOCK_STREAM, 0));
	REFUSED(socket(AF_PACKET, SOCK_RAW, 0));
	REFUSED(socket(AF_NETLINK, SOCK_RAW, 0));
	REFUSED(connect(0, NULL, 0));
	REFUSED(bind(0, NULL, 0));
	REFUSED(fork());
	REFUSED(syscall(SYS_clone3, NULL, 0));
	REFUSED(kill(getppid(), 0));
	REFUSED(syscall(SYS_tgkill, getppid(), getppid(), 0));
	REFUSED(setuid(0));
	REFUSED(setrlimit(RLIMIT_NOFILE, &limit));
	REFUSED(chmod("/", 0755));
	REFUSED(mkdir("/farpage-test-filter", 0755));
	REFUSED(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
	REFUSED(syscall(SYS_bpf, 0, NULL, 0));
	REFUSED(syscall(SYS_io_uring_setup, 1, NULL));
	REFUSED(syscall(SYS_userfaultfd, 0));
	return 0;
}

static int memory_as_program(void)
{
	size_t n = 4096;
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p, n, PROT_READ) < 0)
		return 1;
	REFUSED(mprotect(p, n, PROT_READ | PROT_EXEC));
	REFUSED((long)mmap(NULL, n, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	return 0;
}

TEST(what_else_is_not_its_own_is_refused)
{
	assert_true(fine(other_calls));
	assert_true(fine(memory_as_program));
}

static int its_own(void)
{
	size_t n = 1 << 20;
	int fd = memfd_create("test", MFD_CLOEXEC), file = open("/proc/meminfo", O_RDONLY);
	char c, *p;

	if (fd < 0 || ftruncate(fd, (off_t)n) < 0 || file < 0 || read(file, &c, 1) != 1)
		return 1;
	p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return 2;
	*p = 1;
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) < 0 || *p)
		return 3;
	if (munmap(p, n) < 0 || close(fd) < 0 || close(file) < 0)
		return 4;
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0 ? 5 : 0;
}

static int aborts(void)
{
	abort();
}

TEST(what_is_its_own_works)
{
	int status;

	assert_true(fine(its_own));
	status = filtered(aborts);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static atomic_int go;

static void *wait_and_try(void *unused)
{
	(void)unused;
	while (!atomic_load(&go))
		sched_yield();
	return (void *)(intptr_t)other_calls();
}

TEST(threads_that_are_there_have_it_too)
{
	char words[WORDS_MAX];
	pid_t pid = fork();
	pthread_t thread;
	void *result;
	int status;

	if (pid == 0) {
		if (pthread_create(&thread, NULL, wait_and_try, NULL) != 0 ||
		    filter_install(words) < 0)
			_exit(99);
		atomic_store(&go, 1);
		pthread_join(thread, &result);
		_exit((int)(intptr_t)result);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_intruder_ends_it),
		cmocka_unit_test(what_else_is_not_its_own_is_refused),
		cmocka_unit_test(what_is_its_own_works),
		cmocka_unit_test(threads_that_are_there_have_it_too),
	};

	if (!filter_built()) {
		puts("SKIPPED: built without libseccomp, or with sanitizers");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
