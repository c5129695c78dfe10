/* SPDX-License-Identifier: BSD-2-Clause */
/* How many new pages may still be put before this host has less free memory than it should.
 * Each such put counts it down. The thread that finds it used up looks at the memory again, or
 * is refused. So it does not matter how fast pages come between two looks of monitor.h. Any
 * thread. */
#ifndef FARPAGE_ROOM_H
#define FARPAGE_ROOM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "gauge.h"

struct room {
	_Atomic int64_t pages;       /* until the next look; below 0: pages were refused */
	_Atomic bool refused;        /* a page was refused since this was last asked */
	pthread_mutex_t lock;        /* all below */
	const struct gauge *gauge;   /* NULL: there is no bound */
	uint64_t keep_free;          /* bytes; 0: there is no bound */
	int64_t empty_ms;            /* when room last ran out */
};

void room_init(struct room *);
/* Look at GAUGE from now on, or at nothing if it is NULL; and how much is to stay free. */
void room_set_gauge(struct room *, const struct gauge *);
void room_set_keep(struct room *, uint64_t keep_free);
/* Look at all that the gauge shows. */
void room_look(struct room *, struct gauge_seen *);
/* Was a page refused since this was last asked? */
bool room_refused(struct room *);
bool room_renew(struct room *);

/* Count one more page. false: there is no room for it. */
static inline bool room_take(struct room *room)
{
	return atomic_fetch_sub_explicit(&room->pages, 1, memory_order_relaxed) > 0 ||
	       room_renew(room);
}

#endif
