/* SPDX-License-Identifier: BSD-2-Clause */
/* Turns the wheel: carries out the core's commands on the link, and tells the
 * core what comes back. There is no thread of its own: whoever waits, drives.
 * The first thread that waits for an operation polls the link for all until its
 * own is done, then hands over to another one that still waits. */
#ifndef FARPAGE_DRIVE_H
#define FARPAGE_DRIVE_H

#include <pthread.h>

#include "core.h"
#include "link.h"

struct waiter;

struct drive {
	pthread_mutex_t lock;     /* all below, the core, the map and the link */
	struct core core;
	struct map map;
	struct link *link;
	int wake;                 /* eventfd: the leader polls for the wrong thing */
	struct waiter *leader;
	bool polling;             /* it is in poll(), for what is in polled */
	struct pollfd polled;
	TAILQ_HEAD(waiter_list, waiter) waiters; /* asleep, the oldest first */

	/* Of the first opening, before there are records. */
	bool ready, failed;
	uint64_t size;            /* the pool's, bytes */
	char identity[CORE_IDENTITY_MAX];
	char words[LINK_WORDS_MAX];   /* why the link went down last */
};

/* Opens the link (and owns it, also when it fails) and waits until it is up, at
 * most TIMEOUT_MS. -1 with d->words. The pool's size is in d->size then. */
int drive_open(struct drive *d, struct link *link, int64_t timeout_ms);
/* Make records for PAGES pages, all in STATE. Then drive_run() may be used. */
int drive_begin(struct drive *d, uint64_t pages, enum page_state state,
                int64_t deadline_ms, int64_t link_timeout_ms);
/* Carry out one operation (kind, page, pages and data are set); any thread.
 * 0, or -1 with errno; never later than its deadline and one poll. */
int drive_run(struct drive *d, struct op *op);
/* From now on operations have at most this long. */
void drive_hurry(struct drive *d, int64_t deadline_ms);
/* Is the link up, as far as is known? */
bool drive_up(struct drive *d);
/* No operation is under way. */
void drive_close(struct drive *d);

#endif
