/* SPDX-License-Identifier: BSD-2-Clause */
/* What is not allowed fails with ENOSYS, and the kernel logs it: a call that a
 * newer C library tries is no reason to lose every page of every borrower, and on
 * ENOSYS it takes its older way. What only an intruder does ends the process: he is
 * where he can alter pages, and no page is better than a wrong one. */
#include "filter.h"

#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define CALL(name) SCMP_SYS(name)

static const int allowed[] = {
	/* the loops */
	CALL(epoll_create1), CALL(epoll_ctl), CALL(epoll_pwait), CALL(epoll_pwait2),
	CALL(epoll_wait), CALL(eventfd2), CALL(poll), CALL(ppoll), CALL(timerfd_create),
	CALL(timerfd_settime),
	/* connections, and words to the service manager */
	CALL(accept4), CALL(getpeername), CALL(getsockname), CALL(getsockopt), CALL(recvfrom),
	CALL(recvmsg), CALL(sendmsg), CALL(sendto), CALL(setsockopt), CALL(shutdown),
	/* memory: pools come, grow and go */
	CALL(brk), CALL(fallocate), CALL(ftruncate), CALL(madvise), CALL(memfd_create),
	CALL(mlock), CALL(mlock2), CALL(mremap), CALL(munmap),
	/* files: the config, credentials, pools that are kept, what the kernel says of memory, log, pid file */
	CALL(access), CALL(close), CALL(faccessat), CALL(faccessat2), CALL(fcntl), CALL(fstat), CALL(fstatfs),
	CALL(linkat), CALL(lseek), CALL(newfstatat), CALL(openat), CALL(pread64), CALL(pwrite64),
	CALL(read), CALL(readv), CALL(statx), CALL(unlink), CALL(unlinkat), CALL(write),
	CALL(writev),
	/* a thread that is just being started */
	CALL(rseq), CALL(set_robust_list),
	/* time, chance, locks, signals */
	CALL(clock_gettime), CALL(clock_nanosleep), CALL(exit), CALL(exit_group), CALL(futex),
	CALL(getegid), CALL(geteuid), CALL(getgid), CALL(getpid), CALL(getrandom), CALL(gettid),
	CALL(gettimeofday), CALL(getuid), CALL(restart_syscall), CALL(rt_sigaction),
	CALL(rt_sigprocmask), CALL(rt_sigreturn), CALL(sched_getaffinity), CALL(sched_yield),
	CALL(sigaltstack),
};

static const int deadly[] = {
	CALL(execve), CALL(execveat), CALL(process_vm_readv), CALL(process_vm_writev),
	CALL(ptrace),
};

static int add_all(scmp_filter_ctx f, uint32_t action, const int *call, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = seccomp_rule_add(f, action, call[i], 0);
	return r;
}

/* No memory becomes a program, no socket another network's, no signal another's. */
static int add_some(scmp_filter_ctx f)
{
	const uint32_t allow = SCMP_ACT_ALLOW;
	int r = seccomp_rule_add(f, allow, CALL(mmap), 1,
	                         SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

	if (r == 0)
		r = seccomp_rule_add(f, allow, CALL(mprotect), 1,
		                     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (r == 0)
		r = seccomp_rule_add(f, allow, CALL(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0));
	/* The name of a link-local peer's interface. */
	if (r == 0)
		r = seccomp_rule_add(f, allow, CALL(ioctl), 1,
		                     SCMP_A1(SCMP_CMP_EQ, SIOCGIFNAME, 0));
	/* What may we have? Not: have more. */
	if (r == 0)
		r = seccomp_rule_add(f, allow, CALL(prlimit64), 2, SCMP_A0(SCMP_CMP_EQ, 0, 0),
		                     SCMP_A2(SCMP_CMP_EQ, 0, 0));
	/* abort() */
	if (r == 0)
		r = seccomp_rule_add(f, allow, CALL(tgkill), 1,
		                     SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
	return r;
}

bool filter_built(void)
{
	return true;
}

int filter_install(char words[static WORDS_MAX])
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int r = f ? 0 : -ENOMEM;

	if (r == 0)
		r = seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1);
	if (r == 0)
		r = add_all(f, SCMP_ACT_ALLOW, allowed, sizeof allowed / sizeof *allowed);
	if (r == 0)
		r = add_all(f, SCMP_ACT_KILL_PROCESS, deadly, sizeof deadly / sizeof *deadly);
	if (r == 0)
		r = add_some(f);
	if (r == 0) {
		/* Good to have, and not on every kernel: words of what was refused,
		 * and a search instead of a walk through the list. */
		seccomp_attr_set(f, SCMP_FLTATR_CTL_LOG, 1);
		seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
		r = seccomp_load(f);
	}
	seccomp_release(f);
	if (r < 0)
		words_print(words, "cannot filter system calls: %s; seccomp = off runs without "
		            "the filter", strerror(-r));
	return r < 0 ? -1 : 0;
}
