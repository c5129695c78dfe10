/* SPDX-License-Identifier: BSD-2-Clause */
/* What the daemon may do that it no longer needs once it serves. */
#ifndef FARPAGE_PRIVILEGE_H
#define FARPAGE_PRIVILEGE_H

#include <stdbool.h>
#include <sys/types.h>

#include "words.h"


struct privilege {
	const char *user; /* to become, or NULL */
	bool change;      /* it is another one than we are */
	bool keep_lock;   /* CAP_IPC_LOCK, for want of a limit that can be raised */
	uid_t uid;
	gid_t gid;
};

/* Before memory is locked: find USER (NULL: stay who we are) and see to it that
 * what we lock then, and later, stays locked when we are nobody special. -1 with
 * words. */
int privilege_prepare(struct privilege *, const char *user,
                      char words[static WORDS_MAX]);
/* When all that wants root is done, and while there is one thread only: become
 * that user for ever, gain no rights by any program, and let nobody who is not
 * root see our memory, which holds pages: no core dump, no tracing. -1 with words. */
int privilege_drop(const struct privilege *, char words[static WORDS_MAX]);

#endif
