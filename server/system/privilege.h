/* SPDX-License-Identifier: BSD-2-Clause */
/* Gives up the privileges that the daemon no longer needs once it serves. */
#ifndef FARPAGE_PRIVILEGE_H
#define FARPAGE_PRIVILEGE_H

#include <stdbool.h>
#include <sys/types.h>

#include "words.h"


struct privilege {
	const char *user; /* to become, or NULL */
	bool change;      /* it is not the user that we are */
	bool keep_lock;   /* CAP_IPC_LOCK, because the limit cannot be raised */
	uid_t uid;
	gid_t gid;
};

/* Before memory is locked: find USER (NULL: stay as we are) and see to it that what we
 * lock then, and later, stays locked when we are no longer root. -1 with words. */
int privilege_prepare(struct privilege *, const char *user,
                      char words[static WORDS_MAX]);
/* When nothing needs root any more, and while there is only one thread: become that user
 * for good, rule out gaining privileges, and hide our memory, which holds pages, from all
 * but root: no core dump, no tracing. -1 with words. */
int privilege_drop(const struct privilege *, char words[static WORDS_MAX]);

#endif
