/* SPDX-License-Identifier: BSD-2-Clause */
#include "hall.h"

#include <stddef.h>

void hall_init(struct hall *hall, unsigned most, unsigned most_of_crowd)
{
	hall->most = most;
	hall->most_of_crowd = most_of_crowd;
	hall->n = 0;
	for (unsigned i = 0; i <= HALL_CROWD_MAX; i++)
		TAILQ_INIT(&hall->by_size[i]);
}

void crowd_init(struct crowd *crowd)
{
	crowd->n = 0;
	TAILQ_INIT(&crowd->places);
}

static void resize(struct hall *hall, struct crowd *crowd, unsigned n)
{
	if (crowd->n)
		TAILQ_REMOVE(&hall->by_size[crowd->n], crowd, link);
	hall->n += n - crowd->n;
	crowd->n = n;
	if (n)
		TAILQ_INSERT_TAIL(&hall->by_size[n], crowd, link);
}

static struct place *oldest_out(struct hall *hall, struct crowd *crowd)
{
	struct place *place = TAILQ_FIRST(&crowd->places);

	hall_leave(hall, place);
	return place;
}

struct place *hall_thin(struct hall *hall)
{
	for (unsigned n = hall->most_of_crowd; n > 0; n--)
		if (!TAILQ_EMPTY(&hall->by_size[n]))
			return oldest_out(hall, TAILQ_FIRST(&hall->by_size[n]));
	return NULL;
}

struct place *hall_enter(struct hall *hall, struct crowd *crowd, struct place *place)
{
	struct place *gone = crowd->n == hall->most_of_crowd ? oldest_out(hall, crowd)
	                     : hall->n >= hall->most         ? hall_thin(hall)
	                                                     : NULL;

	place->crowd = crowd;
	TAILQ_INSERT_TAIL(&crowd->places, place, link);
	resize(hall, crowd, crowd->n + 1);
	return gone;
}

void hall_leave(struct hall *hall, struct place *place)
{
	struct crowd *crowd = place->crowd;

	if (!crowd)
		return;
	TAILQ_REMOVE(&crowd->places, place, link);
	place->crowd = NULL;
	resize(hall, crowd, crowd->n - 1);
}
