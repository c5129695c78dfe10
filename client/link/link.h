/* SPDX-License-Identifier: BSD-2-Clause */
/* A link to where pages are kept: a lender (link_nbd), a store in this process
 * (link_store), or the spill (link_spill). It never blocks: who owns it polls its
 * descriptor and notifies it. All calls, and all it calls back, are under the
 * drive's lock; none allocates once the link is up. */
#ifndef FARPAGE_LINK_H
#define FARPAGE_LINK_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "op.h"
#include "words.h"

#define LINK_NAME_MAX  256

struct link;

/* What a link tells its owner. */
struct link_owner {
	/* It leads to the pool of IDENTITY. NULL, or why that is not to be claimed. */
	const char *(*meets)(struct link *, const char *identity);
	/* Claimed; PAGES is what its pool has room for. */
	void (*up)(struct link *, const char *identity, uint64_t pages);
	/* It closed itself, or could not open; nothing of it is in use, and what was
	 * asked of it has no reply. */
	void (*down)(struct link *, const char *words);
	/* ERROR is 0 or an errno. */
	void (*reply)(struct link *, struct ask *, int error);
};

struct link_ops {
	/* Begin to open it; meets, and up or down follows, maybe before this returns. */
	void (*connect)(struct link *);
	/* Close it now; down does not follow. Its asks' buffers are ours again, which
	 * is what the spill waits for. Not from within reply. */
	void (*close)(struct link *);
	/* Ask; its reply follows, maybe before this returns, unless it closes before. It may
	 * wait until FLUSH, so that several leave at once; INTEREST has POLLOUT meanwhile. */
	void (*send)(struct link *, struct ask *);
	void (*flush)(struct link *);
	/* What to poll for; fd -1 if nothing. */
	struct pollfd (*interest)(struct link *);
	void (*notify)(struct link *, short revents);
	/* False: a disk owes answers for ever; the link stays, and so must its asks' buffers. */
	bool (*free)(struct link *);
};

struct link {
	const struct link_ops *ops;
	const struct link_owner *upcalls;
	void *owner;
	unsigned number;  /* the core's, for the owner */
	unsigned ways;    /* to connect: each close of one that is not up goes on to the next */
	char name[LINK_NAME_MAX]; /* people know it by this */
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
/* Where it is from now on, when it is opened next. */
void link_nbd_address(struct link *, const struct address *address);
/* The name of its pool, "" as long as that is not known. */
void link_nbd_pool(const struct link *, char *pool);
/* PAGES pages in this process. */
struct link *link_store(uint64_t pages);
/* The file or block device PATH; its pages are lost with this process. At most PAGES of
 * it are used. NULL with WORDS. */
struct link *link_spill(const char *path, uint64_t pages, char words[static WORDS_MAX]);

#endif
