/* SPDX-License-Identifier: BSD-2-Clause */
/* A link to where pages are kept: a lender (link_nbd), or a store in this
 * process (link_store). It never blocks: who owns it polls its descriptor and
 * notifies it. All calls, and all it calls back, are under the drive's lock. */
#ifndef FARPAGE_LINK_H
#define FARPAGE_LINK_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "core.h"

#define LINK_WORDS_MAX 512

struct link;

/* What a link tells its owner. */
struct link_owner {
	/* Claimed; SIZE is the pool's, in bytes. */
	void (*up)(void *owner, const char *identity, uint64_t size);
	/* It closed itself, or could not open; nothing of it is in use. */
	void (*down)(void *owner, const char *words);
	void (*reply)(void *owner, struct op *op, int error);
};

struct link_ops {
	/* Begin to open it; up or down follows, maybe before this returns. */
	void (*connect)(struct link *);
	/* Close it now; down does not follow. */
	void (*close)(struct link *);
	/* Ask for OP; its reply follows, unless the link closes before. */
	void (*send)(struct link *, struct op *);
	/* What to poll for; fd -1 if nothing. */
	struct pollfd (*interest)(struct link *);
	void (*notify)(struct link *, short revents);
	void (*free)(struct link *);
};

struct link {
	const struct link_ops *ops;
	const struct link_owner *upcalls;
	void *owner;
};

struct address;

/* Who a link is, and how it proves it. The strings are the caller's, and stay. */
struct link_proof {
	const char *instance;
	const char *psk, *username; /* NULL: without TLS */
};

/* The lender at ADDRESS, its pool POOL ("" for its first), claimed under PROOF's
 * instance. Opens nothing yet. NULL with errno. */
struct link *link_nbd(const struct address *address, const char *pool,
                      const struct link_proof *proof, int64_t timeout_ms);
/* SIZE bytes in this process. */
struct link *link_store(uint64_t size);

#endif
