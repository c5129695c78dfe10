/* SPDX-License-Identifier: BSD-2-Clause */
/* Turns the wheel: carries out the core's commands on the links, and tells the
 * core what comes back. Whoever waits, drives: the first thread that waits for
 * an operation polls the links for all until its own is done, then hands over to
 * another one that still waits. While nobody waits, a background thread heals,
 * opens links again, and makes memory for records ahead. */
#ifndef FARPAGE_DRIVE_H
#define FARPAGE_DRIVE_H

#include <pthread.h>
#include <semaphore.h>

#include "core.h"
#include "figures.h"
#include "link.h"

/* A thread that waits for operations. All of it is under the lock, but for what the
 * thread is given when it is woken: that is its own then. */
struct waiter {
	unsigned pending;        /* its operations that are not done */
	struct op *to_check;     /* those of which pages are to be sealed or opened; by check_next */
	bool asleep;             /* on wake, and in the drive's list */
	sem_t wake;              /* posted once: there is something to do for it */
	struct op *given;        /* to check */
	bool finished;           /* nothing is pending any more */
	TAILQ_ENTRY(waiter) link;
};

TAILQ_HEAD(waiter_list, waiter);

struct drive {
	pthread_mutex_t lock;    /* all below, the core, the map and the links */
	struct core core;
	struct map map;
	struct buffers buffers;
	/* Seals a put's pages, or opens what came for an operation; without the lock. Pages that
	 * could not be sealed, or were wrong. */
	uint32_t (*check)(struct drive *, struct op *);
	/* Start what else is to run beside; 0 or an errno. NULL: nothing. */
	int (*start)(struct drive *);

	unsigned links;
	struct link *link[LINKS_MAX];
	struct figures figures[LINKS_MAX]; /* of each */
	int64_t begun_at;
	int wake;                /* eventfd: the leader polls for the wrong thing, or for too long */
	bool nudged;             /* it was written since the leader began to poll */
	struct waiter *leader;
	bool polling;            /* it is in poll(), for what is in polled */
	struct pollfd polled[LINKS_MAX];
	int64_t polled_until;
	struct waiter_list waiters; /* asleep, the oldest first */
	unsigned asleep;            /* how many */
	struct waiter_list woken;   /* to be posted when the lock is let go */

	struct background {
		pthread_t thread;
		bool running, stop;
		int64_t make_at;     /* no memory for records is made before */
		pthread_cond_t work;
		struct waiter waiter;
	} background;

	/* Of the first opening, before there is a core, and of the links since. */
	bool begun;
	bool apart;                  /* until then: no two of them may lead to one lender */
	struct opening {
		bool up, failed;
		unsigned turn;       /* of its addresses */
		uint64_t pages;
		char identity[IDENTITY_MAX];
		char words[WORDS_MAX]; /* why it went down last */
	} opening[LINKS_MAX];
};

/* For the links' upcalls, once D is all zeros. -1 with errno. */
int drive_init(struct drive *d);
/* D owns LINK from now on; the spill comes last. */
void drive_add(struct drive *d, struct link *link);
/* Opens all links and waits until each is up or failed, at most until END. */
void drive_open(struct drive *d, int64_t end);
/* Make the core, for a device of PAGES. Then drive_run() may be used. -1 with errno. */
int drive_begin(struct drive *d, uint64_t pages, const struct core_options *options,
                unsigned buffers, struct seal *seal);
/* Have slots flushed that hold what nobody needs, or ALL of them, for at most TIMEOUT_MS.
 * No operation is under way, and after ALL none comes. */
void drive_wipe(struct drive *d, bool all, int64_t timeout_ms);
/* Start the background thread, if it does not run. -1 with errno. */
int drive_start(struct drive *d);
/* Nothing is under way. */
void drive_close(struct drive *d);

/* Carry out operations, linked by op->next; any thread. Each has its error then. */
void drive_run(struct drive *d, struct op *ops);

/* Of one link, and of all, at one moment. */
struct drive_view {
	int64_t now;
	uint64_t unhealed;       /* core_unhealed() */
	uint64_t missing;        /* core_missing() */
	struct unread unread;    /* pages that cannot be healed */
	bool dry;                /* no memory for more records */
	bool stuck;              /* the spill owes answers, and is not asked for more */
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

/* For who adds and drains lenders; each has the lock for a moment. */
void drive_look(struct drive *d, struct drive_view *);
/* D owns LINK, that of one lender more: its number, or -1, and it is the caller's. */
int drive_join(struct drive *d, struct link *link);
/* As core_link_wants() and core_link_retire(). */
void drive_wants(struct drive *d, unsigned on, uint64_t page);
bool drive_retire(struct drive *d, unsigned on);
/* As link_nbd_address(), of the lender ON. */
void drive_address(struct drive *d, unsigned on, const struct address *);
/* As link_nbd_pool(), of the lender ON. */
void drive_pool(struct drive *d, unsigned on, char *pool);

/* For the drive's own files. */
void drive_set(struct drive *d, unsigned on, struct link *link);
nfds_t drive_interests(const struct drive *d, struct pollfd *p);
void drive_notify(struct drive *d, const struct pollfd *p, nfds_t n);
/* drive_start() with the lock held: 0 or an errno. */
int drive_do_start(struct drive *d);
/* Is memory for records to be made now? */
bool drive_wants_chunk(const struct drive *d);
/* What the core wants done. What it sends may be flushed only by the leader. */
void drive_carry_out(struct drive *d);
/* The leader does, before it looks for how long to poll. */
void drive_flush(struct drive *d);
void drive_poll(struct drive *d, int64_t until);
/* There is something to do for W, asleep or in poll(). */
void drive_tell(struct drive *d, struct waiter *w);
/* Let the lock go, and wake whom there is something to do for. */
void drive_unlock(struct drive *d);
/* Seal, or open what came, for OPS; the lock is not held, and is after. */
void drive_check(struct drive *d, struct op *ops);
void drive_hand_over(struct drive *d);
void *background_run(void *drive);

#endif
