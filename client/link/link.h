/* SPDX-License-Identifier: BSD-2-Clause */
/* A link to a place that keeps pages: a lender (link_nbd), a store in this process
 * (link_store), or the spill (link_spill). It never blocks: its owner polls its
 * descriptor and notifies it. All calls and callbacks are under the engine's lock;
 * none allocates once the link is up. */
#ifndef FARPAGE_LINK_H
#define FARPAGE_LINK_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "op.h"
#include "words.h"

#define LINK_NAME_MAX  256

struct link;

/* Callbacks to the owner of a link. */
struct link_owner {
	/* It leads to the pool of IDENTITY. Returns NULL, or why it must not be claimed. */
	const char *(*meets)(struct link *, const char *identity);
	/* It is claimed; PAGES is the room of its pool. */
	void (*up)(struct link *, const char *identity, uint64_t pages);
	/* It closed itself, or could not open. None of its buffers is in use, and its asks
	 * get no reply. */
	void (*down)(struct link *, const char *words);
	/* ERROR is 0 or an errno. */
	void (*reply)(struct link *, struct ask *, int error);
};

struct link_ops {
	/* Begin to open it; meets() and up() or down() follow, maybe before this returns. */
	void (*connect)(struct link *);
	/* Close it now; down() does not follow. The buffers of its asks are ours again; the
	 * spill waits for that. Not from within reply(). */
	void (*close)(struct link *);
	/* Ask; the reply follows, maybe before this returns, unless the link closes first. The ask
	 * may wait until send_queued(), so that several leave at once; interest() has POLLOUT meanwhile. */
	void (*send)(struct link *, struct ask *);
	void (*send_queued)(struct link *);
	/* What to poll for; fd -1: nothing. */
	struct pollfd (*interest)(struct link *);
	void (*notify)(struct link *, short revents);
	/* False: a disk owes answers for ever, so the link must stay, and so must the buffers of its asks. */
	bool (*free)(struct link *);
};

struct link {
	const struct link_ops *ops;
	const struct link_owner *upcalls;
	void *owner;
	unsigned number;  /* in the core, for the owner */
	unsigned ways;    /* to connect; closing it before it is up moves on to the next */
	char name[LINK_NAME_MAX]; /* for messages */
};

struct address;

/* The identity of a link, and how it proves it. The caller owns the strings, which must stay valid. */
struct link_proof {
	const char *instance;
	const char *psk, *username; /* NULL: without TLS */
};

/* A link to the lender at ADDRESS and its pool POOL ("": its first), to be claimed under the
 * instance of PROOF. Opens nothing yet. NULL with errno. */
struct link *link_nbd(const struct address *address, const char *pool,
                      const struct link_proof *proof, int64_t timeout_ms);
/* The lender's address from the next opening on. */
void link_nbd_address(struct link *, const struct address *address);
/* The name of its pool, "" until that is known. */
void link_nbd_pool(const struct link *, char *pool);
/* PAGES pages in this process. */
struct link *link_store(uint64_t pages);
/* A link to the file or block device PATH. Its pages are lost with this process. At most PAGES of
 * it are used. NULL with WORDS. */
struct link *link_spill(const char *path, uint64_t pages, char words[static WORDS_MAX]);

#endif
