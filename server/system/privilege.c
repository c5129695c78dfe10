/* SPDX-License-Identifier: BSD-2-Clause */
#include "privilege.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOCK_CAPABILITY (1u << CAP_IPC_LOCK)

/* This thread's, of which there is one. */
static bool may_lock(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	return syscall(SYS_capget, &head, data) == 0 && data[0].effective & LOCK_CAPABILITY;
}

/* All capabilities but one are gone, or all. */
static int keep_lock_only(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{ .effective = LOCK_CAPABILITY, .permitted = LOCK_CAPABILITY } };

	return (int)syscall(SYS_capset, &head, data);
}

/* The limit holds for who is not root: one that is left behind would make every
 * later mmap fail, for all of our memory is locked. */
static bool raise_lock_limit(void)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	return setrlimit(RLIMIT_MEMLOCK, &limit) == 0 ||
	       (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY);
}

int privilege_prepare(struct privilege *p, const char *user,
                      char words[static WORDS_MAX])
{
	const struct passwd *who;

	*p = (struct privilege){ .user = user };
	if (!user)
		return 0;
	errno = 0;
	who = getpwnam(user);
	if (!who) {
		words_print(words, "user %.100s: %s", user,
		            errno ? strerror(errno) : "there is no such user");
		return -1;
	}
	if (who->pw_uid == 0) {
		words_print(words, "user %.100s is root; choose another, or leave the option "
		            "out", user);
		return -1;
	}
	p->uid = who->pw_uid;
	p->gid = who->pw_gid;
	p->change = p->uid != geteuid();
	if (p->change && geteuid() != 0) {
		words_print(words, "user %.100s: only root can become another user; start "
		            "farpaged as root, or leave the option out", user);
		return -1;
	}
	p->keep_lock = p->change && !raise_lock_limit() && may_lock();
	return 0;
}

static int become(const struct privilege *p)
{
	if (initgroups(p->user, p->gid) < 0 || setgid(p->gid) < 0 ||
	    prctl(PR_SET_KEEPCAPS, p->keep_lock, 0, 0, 0) < 0 || setuid(p->uid) < 0 ||
	    (p->keep_lock && keep_lock_only() < 0))
		return -1;
	/* Believe it when there is no way back. */
	if (setuid(0) == 0 || setgid(0) == 0) {
		errno = EPERM;
		return -1;
	}
	return 0;
}

int privilege_drop(const struct privilege *p, char words[static WORDS_MAX])
{
	if (p->change && become(p) < 0) {
		words_print(words, "cannot become user %.100s: %s", p->user,
		            strerror(errno));
		return -1;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) {
		words_print(words, "cannot give up privileges: %s",
		            strerror(errno));
		return -1;
	}
	return 0;
}
