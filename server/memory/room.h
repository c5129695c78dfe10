/* SPDX-License-Identifier: BSD-2-Clause */
/* How many pages may yet be put where none is, before this host has less free than
 * it is to have. Each such put counts it down; who finds it used up has the memory looked
 * at anew, or is refused. So it does not matter how fast pages come between two looks of
 * monitor.h. Any thread. */
#ifndef FARPAGE_ROOM_H
#define FARPAGE_ROOM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "gauge.h"

struct room {
	_Atomic int64_t pages;       /* until it is looked at anew; below 0: they were refused */
	_Atomic bool refused;        /* somebody was, since it was asked last */
	pthread_mutex_t lock;        /* all below */
	const struct gauge *gauge;   /* NULL: there is no bound */
	uint64_t keep_free;          /* bytes; 0: there is no bound */
	int64_t empty_ms;            /* when there was none last */
};

void room_init(struct room *);
/* From now on that is what is looked at, until it is NULL; and what is to be free. */
void room_set_gauge(struct room *, const struct gauge *);
void room_set_keep(struct room *, uint64_t keep_free);
/* Look at all that the gauge shows. */
void room_look(struct room *, struct gauge_seen *);
/* Was somebody refused since this was asked last? */
bool room_refused(struct room *);
bool room_renew(struct room *);

/* One page more. false: there is no room for it. */
static inline bool room_take(struct room *room)
{
	return atomic_fetch_sub_explicit(&room->pages, 1, memory_order_relaxed) > 0 ||
	       room_renew(room);
}

#endif
