/* SPDX-License-Identifier: BSD-2-Clause */
/* Carries out the core's commands on the links, and reports to the core what comes back.
 * Whoever waits, drives: the first thread that waits for an operation polls the links for
 * all until its own is done, then hands over to another thread that still waits. While no
 * thread waits, a background thread heals, opens links again, and allocates memory for
 * records ahead. */
#ifndef FARPAGE_ENGINE_H
#define FARPAGE_ENGINE_H

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
	struct op *done;         /* those that are done; linked by next */
	bool asleep;             /* on wake, and in the engine's list */
	sem_t wake;              /* posted once when there is something to do for it */
	struct op *given;        /* to check */
	bool finished;           /* nothing is pending */
	TAILQ_ENTRY(waiter) link;
};

TAILQ_HEAD(waiter_list, waiter);

struct engine {
	pthread_mutex_t lock;    /* all below, the core, the map and the links */
	struct core core;
	struct map map;
	struct buffers buffers;
	/* Seals the pages of a put, or opens what came for an operation, without the lock. Returns
	 * the pages that could not be sealed, or were wrong. */
	uint32_t (*check)(struct engine *, struct op *);
	/* Starts other threads that are needed; 0 or an errno. NULL: none are. */
	int (*start)(struct engine *);

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

	/* A caller's event loop, which drives all in place of the background thread. */
	struct loop {
		bool on;
		bool turning;        /* it is in engine_turn() */
		bool submitted;      /* something, since; only the loop's thread looks at it */
		bool looked;         /* the last turn did; as the line before */
		bool told;           /* EVENT was signalled since */
		int epoll;           /* what the caller polls: all of the following */
		int event, timer;
		int64_t timer_at;    /* when TIMER goes off */
		struct pollfd polled[LINKS_MAX]; /* what EPOLL has of each link */
	} loop;

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

/* E, all zeros, becomes ready for the callbacks of links. -1 with errno. */
int engine_init(struct engine *e);
/* Add LINK, which E owns from now on; the spill comes last. */
void engine_add(struct engine *e, struct link *link);
/* Opens all links and waits until each is up or failed, at most until END. */
void engine_open(struct engine *e, int64_t end);
/* Make the core, for a device of PAGES. Then engine_run() may be used. -1 with errno. */
int engine_begin(struct engine *e, uint64_t pages, const struct core_options *options,
                 unsigned buffers, struct seal *seal);
/* Have the slots flushed whose contents are no longer needed, or ALL slots, for at most TIMEOUT_MS.
 * No operation may be under way, and after ALL none may follow. */
void engine_wipe(struct engine *e, bool all, int64_t timeout_ms);
/* Start the background thread if it does not run. -1 with errno. */
int engine_start(struct engine *e);
/* Nothing may be under way. */
void engine_close(struct engine *e);

/* Carry out operations, linked by op->next, and set the error of each; any thread. */
void engine_run(struct engine *e, struct op *ops);

/* From the opening on, E is driven by its caller's event loop, in one thread: no background
 * thread is started. -1 with errno. */
int engine_loop(struct engine *e);
/* Start operations, linked by op->next; engine_turn() sends what they ask for. */
void engine_submit(struct engine *e, struct op *ops);
/* Do what can be done without waiting; after engine_submit() maybe only what that asks for. Returns the
 * submitted operations that are done, linked by op->next. To be called when the loop's epoll descriptor is readable, and after
 * engine_submit(). */
struct op *engine_turn(struct engine *e);
/* Was anything submitted since the last turn began? */
bool engine_submitted(const struct engine *e);
/* Make the descriptor readable. */
void engine_turn_again(struct engine *e);

/* The state of one link, and of all, at one moment. */
struct engine_view {
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
void engine_look(struct engine *e, struct engine_view *);
/* Add LINK, that of a new lender, which E owns from now on. Returns its number, or -1: the caller still owns it. */
int engine_join(struct engine *e, struct link *link);
/* Like core_link_wants() and core_link_retire(). */
void engine_wants(struct engine *e, unsigned link_no, uint64_t page);
bool engine_retire(struct engine *e, unsigned link_no);
/* Like link_nbd_address(), for the lender LINK_NO. */
void engine_address(struct engine *e, unsigned link_no, const struct address *);
/* Like link_nbd_pool(), for the lender LINK_NO. */
void engine_pool(struct engine *e, unsigned link_no, char *pool);

/* For the files of the engine only. */
void engine_set(struct engine *e, unsigned link_no, struct link *link);
nfds_t engine_interests(const struct engine *e, struct pollfd *p);
void engine_notify(struct engine *e, const struct pollfd *p, nfds_t n);
/* engine_start() with the lock held: 0 or an errno. */
int engine_do_start(struct engine *e);
/* Should memory for records be allocated now? */
bool engine_wants_block(const struct engine *e);
/* Carry out what the core wants. Only the leader may send what that queues. */
void engine_carry_out(struct engine *e);
/* The leader calls it before it decides how long to poll. */
void engine_send(struct engine *e);
void engine_poll(struct engine *e, int64_t until);
/* There is something to do for W, asleep or in poll(). */
void engine_tell(struct engine *e, struct waiter *w);
/* Release the lock, and wake the threads that have something to do. */
void engine_unlock(struct engine *e);
/* Seal or open pages for OPS; called without the lock, returns with it. */
void engine_check(struct engine *e, struct op *ops);
void engine_hand_over(struct engine *e);
void *background_run(void *engine);
/* Something happened that the loop has to look at. */
void loop_tell(struct engine *e);
/* LINK_NO has another descriptor, maybe with the old one's number. */
void loop_forget(struct engine *e, unsigned link_no);
void loop_close(struct engine *e);

#endif
