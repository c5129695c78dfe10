/* SPDX-License-Identifier: BSD-2-Clause */
#include "room.h"

#include "clock.h"
#include "store.h"

/* What one look allows at most: all of it when it is so little, and else a part, because
 * others take memory meanwhile, too. Fewer than that are none: a look costs some 50 us. */
#define ALL_OF_IT   4096 /* pages, 16 MiB */
#define PART        4
#define TOO_FEW     64
#define NO_BOUND    (INT64_MAX / 2)
/* When there was no room it is not looked for again before. */
#define RENEW_MS    5

void room_init(struct room *room)
{
	*room = (struct room){0};
	atomic_init(&room->pages, NO_BOUND);
	pthread_mutex_init(&room->lock, NULL);
}

/* BEFORE pages were left when AVAILABLE was about to be read: what was put since, it may
 * not tell. */
static void set(struct room *room, uint64_t available, int64_t before)
{
	uint64_t keep = room->keep_free;
	int64_t pages = NO_BOUND;

	if (keep && available != UINT64_MAX) {
		pages = available > keep ? (int64_t)((available - keep) >> PAGE_SHIFT) : 0;
		if (pages < TOO_FEW)
			pages = 0;
		else if (pages > ALL_OF_IT)
			pages = pages / PART > ALL_OF_IT ? pages / PART : ALL_OF_IT;
	}
	atomic_fetch_add(&room->pages, pages - before);
}

void room_set_gauge(struct room *room, const struct gauge *gauge)
{
	pthread_mutex_lock(&room->lock);
	room->gauge = gauge;
	if (!gauge)
		set(room, UINT64_MAX, atomic_load(&room->pages));
	pthread_mutex_unlock(&room->lock);
}

void room_set_keep(struct room *room, uint64_t keep_free)
{
	pthread_mutex_lock(&room->lock);
	room->keep_free = keep_free;
	pthread_mutex_unlock(&room->lock);
}

void room_look(struct room *room, struct gauge_seen *seen)
{
	pthread_mutex_lock(&room->lock);
	int64_t before = atomic_load(&room->pages);
	gauge_read(room->gauge, seen);
	set(room, seen->available, before);
	pthread_mutex_unlock(&room->lock);
}

bool room_refused(struct room *room)
{
	return atomic_exchange(&room->refused, false);
}

static bool take_again(struct room *room)
{
	return atomic_load(&room->pages) > 0 && atomic_fetch_sub(&room->pages, 1) > 0;
}

bool room_renew(struct room *room)
{
	struct gauge_seen seen;
	bool found;

	pthread_mutex_lock(&room->lock);
	found = take_again(room); /* another thread has looked */
	if (!found && room->gauge && clock_ms() - room->empty_ms >= RENEW_MS) {
		int64_t before = atomic_load(&room->pages);
		gauge_read_memory(room->gauge, &seen);
		set(room, seen.available, before);
		found = take_again(room);
		if (!found)
			room->empty_ms = clock_ms();
	}
	pthread_mutex_unlock(&room->lock);
	if (!found)
		atomic_store_explicit(&room->refused, true, memory_order_relaxed);
	return found;
}
