/* SPDX-License-Identifier: BSD-2-Clause */
/* Carries out the core's commands on the links, and reports to the core what comes back.
 * Whoever waits, drives: the first thread that waits for an operation polls the links for
 * all until its own is done, then hands over to another thread that still waits. While no
 * thread waits, a background thread heals, opens links again, and allocates memory for
 * records ahead. */
#ifndef FARPAGE_DRIVE_H
#define FARPAGE_DRIVE_H

#include <pthread.h>
#include <semaphore.h>

#include "core.h"
#include "figures.h"
#include "link.h"

/* A thread that waits for operations. All of it is under the lock, except for what the
 * thread is given when it is woken, which is then its own. */
struct waiter {
	unsigned pending;        /* how many of its operations are not done */
	struct op *to_check;     /* those with pages to seal or open; linked by check_next */
	bool asleep;             /* on wake, and in the drive's list */
	sem_t wake;              /* posted once when there is something to do for it */
	struct op *given;        /* to check */
	bool finished;           /* nothing is pending */
	TAILQ_ENTRY(waiter) link;
};

TAILQ_HEAD(waiter_list, waiter);

struct drive {
	pthread_mutex_t lock;    /* all below, the core, the map and the links */
	struct core core;
	struct map map;
	struct buffers buffers;
	/* Seals the pages of a put, or opens what came for an operation, without the lock. Returns
	 * the pages that could not be sealed, or were wrong. */
	uint32_t (*check)(struct drive *, struct op *);
	/* Starts other threads that are needed; 0 or an errno. NULL: none are. */
	int (*start)(struct drive *);

	unsigned links;
	struct link *link[LINKS_MAX];
	struct figures figures[LINKS_MAX]; /* of each */
	int64_t begun_at;
	int wake;                /* eventfd: the leader polls for the wrong thing, or for too long */
	bool nudged;             /* wake was written since the leader began to poll */
	struct waiter *leader;
	bool polling;            /* it is in poll(), for what is in polled */
	struct pollfd polled[LINKS_MAX];
	int64_t polled_until;
	struct waiter_list waiters; /* asleep, the oldest first */
	unsigned asleep;            /* how many */
	struct waiter_list woken;   /* to post when the lock is released */

	struct background {
		pthread_t thread;
		bool running, stop;
		int64_t make_at;     /* no memory for records is allocated before */
		pthread_cond_t work;
		struct waiter waiter;
	} background;

	/* The first opening, before there is a core, and the links since. */
	bool begun;
	bool apart;                  /* until there is a core: no two may lead to one lender */
	struct opening {
		bool up, failed;
		unsigned turn;       /* of its addresses */
		uint64_t pages;
		char identity[IDENTITY_MAX];
		char words[WORDS_MAX]; /* why it went down last */
	} opening[LINKS_MAX];
};

/* D, all zeros, becomes ready for the callbacks of links. -1 with errno. */
int drive_init(struct drive *d);
/* Add LINK, which D owns from now on; the spill comes last. */
void drive_add(struct drive *d, struct link *link);
/* Opens all links and waits until each is up or failed, at most until END. */
void drive_open(struct drive *d, int64_t end);
/* Make the core, for a device of PAGES. Then drive_run() may be used. -1 with errno. */
int drive_begin(struct drive *d, uint64_t pages, const struct core_options *options,
                unsigned buffers, struct seal *seal);
/* Have the slots flushed whose contents are no longer needed, or ALL slots, for at most TIMEOUT_MS.
 * No operation may be under way, and after ALL none may follow. */
void drive_wipe(struct drive *d, bool all, int64_t timeout_ms);
/* Start the background thread if it does not run. -1 with errno. */
int drive_start(struct drive *d);
/* Nothing may be under way. */
void drive_close(struct drive *d);

/* Carry out operations, linked by op->next, and set the error of each; any thread. */
void drive_run(struct drive *d, struct op *ops);

/* The state of one link, and of all, at one moment. */
struct drive_view {
	int64_t now;
	uint64_t unhealed;       /* core_unhealed() */
	uint64_t missing;        /* core_missing() */
	struct unread unread;    /* pages that cannot be healed */
	bool dry;                /* no memory for more records */
	bool stuck;              /* the spill owes answers, and gets no more asks */
	unsigned links;
	struct link_view {
		enum peer_state state;
		bool known;          /* it was up once */
		bool left_out;       /* core_left_out() */
		int twin, sibling;   /* as the core's */
		int64_t down_since;
		char identity[IDENTITY_MAX];
		char words[WORDS_MAX]; /* why it went down last */
	} link[LINKS_MAX];
};

/* For adding and draining lenders; each holds the lock for a moment. */
void drive_look(struct drive *d, struct drive_view *);
/* Add LINK, that of a new lender, which D owns from now on. Returns its number, or -1: the caller still owns it. */
int drive_join(struct drive *d, struct link *link);
/* Like core_link_wants() and core_link_retire(). */
void drive_wants(struct drive *d, unsigned on, uint64_t page);
bool drive_retire(struct drive *d, unsigned on);
/* Like link_nbd_address(), for the lender ON. */
void drive_address(struct drive *d, unsigned on, const struct address *);
/* Like link_nbd_pool(), for the lender ON. */
void drive_pool(struct drive *d, unsigned on, char *pool);

/* For the files of the drive only. */
void drive_set(struct drive *d, unsigned on, struct link *link);
nfds_t drive_interests(const struct drive *d, struct pollfd *p);
void drive_notify(struct drive *d, const struct pollfd *p, nfds_t n);
/* drive_start() with the lock held: 0 or an errno. */
int drive_do_start(struct drive *d);
/* Should memory for records be allocated now? */
bool drive_wants_chunk(const struct drive *d);
/* Carry out what the core wants. Only the leader may flush what that sends. */
void drive_carry_out(struct drive *d);
/* The leader calls it before it decides how long to poll. */
void drive_flush(struct drive *d);
void drive_poll(struct drive *d, int64_t until);
/* There is something to do for W, asleep or in poll(). */
void drive_tell(struct drive *d, struct waiter *w);
/* Release the lock, and wake the threads that have something to do. */
void drive_unlock(struct drive *d);
/* Seal or open pages for OPS; called without the lock, returns with it. */
void drive_check(struct drive *d, struct op *ops);
void drive_hand_over(struct drive *d);
void *background_run(void *drive);

#endif
