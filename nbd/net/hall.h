/* SPDX-License-Identifier: BSD-2-Clause */
/* A hall with few places, for connections that have yet to show that they deserve more. It never
 * refuses one: when a connection enters a full hall, another leaves it, the oldest of the largest
 * crowd, so no crowd keeps another out. The caller holds the lock. */
#ifndef FARPAGE_HALL_H
#define FARPAGE_HALL_H

#include <sys/queue.h>

#define HALL_CROWD_MAX 128

/* A connection's place; all zero: it is in no hall. */
struct place {
	struct crowd *crowd;
	TAILQ_ENTRY(place) link;
};

/* Connections in a hall that have something in common. */
struct crowd {
	unsigned n;
	TAILQ_HEAD(places, place) places; /* the oldest first */
	TAILQ_ENTRY(crowd) link;
};

TAILQ_HEAD(crowds, crowd);

struct hall {
	unsigned most, most_of_crowd, n;
	struct crowds by_size[HALL_CROWD_MAX + 1];
};

/* MOST_OF_CROWD is HALL_CROWD_MAX at most. */
void hall_init(struct hall *, unsigned most, unsigned most_of_crowd);
void crowd_init(struct crowd *);
/* Returns the one that has left for it, or NULL. */
struct place *hall_enter(struct hall *, struct crowd *, struct place *);
void hall_leave(struct hall *, struct place *);
/* The one that would have to leave first leaves; NULL: the hall is empty. */
struct place *hall_thin(struct hall *);

#endif
