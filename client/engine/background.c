/* SPDX-License-Identifier: BSD-2-Clause */
/* The background thread: what is to be done although nobody waits for it. */
#include "drive.h"

#include "clock.h"

#define LOOK_MS 1000 /* a link that died while nobody uses it is found out in so long */

/* Whom we told something, the leader among them, is woken first; then things may have
 * changed. */
static void sleep_until(struct drive *d, int64_t ms)
{
	const struct timespec until = clock_timespec(ms);

	if (!TAILQ_EMPTY(&d->woken)) {
		drive_unlock(d);
		pthread_mutex_lock(&d->lock);
		return;
	}
	pthread_cond_timedwait(&d->background.work, &d->lock, &until);
}

/* Memory for records, made without the lock. */
static void make_chunk(struct drive *d)
{
	void *chunk;

	drive_unlock(d);
	chunk = chunk_open();
	pthread_mutex_lock(&d->lock);
	if (!chunk)
		d->background.make_at = clock_ms() + LOOK_MS;
	if (!chunk || map_wants(&d->map))
		core_give(&d->core, chunk, clock_ms());
	else
		chunk_close(chunk);
	drive_carry_out(d);
}

/* Lead as long as there is something to wait for, and nobody else does. */
static void lead(struct drive *d)
{
	struct waiter *w = &d->background.waiter;

	d->leader = w;
	do {
		int64_t now, until;

		drive_flush(d);
		now = clock_ms();
		until = core_wake_at(&d->core, true);
		drive_poll(d, until < now + LOOK_MS ? until : now + LOOK_MS);
	} while (!d->background.stop && !w->to_check && core_busy(&d->core) && !drive_wants_chunk(d) &&
	         TAILQ_EMPTY(&d->waiters));
	drive_hand_over(d);
}

static void look(struct drive *d)
{
	struct waiter *w = &d->background.waiter;

	d->leader = w;
	drive_poll(d, 0);
	drive_hand_over(d);
}

static void check(struct drive *d)
{
	struct op *ops = d->background.waiter.to_check;

	d->background.waiter.to_check = NULL;
	drive_unlock(d);
	drive_check(d, ops);
}

void *background_run(void *drive)
{
	struct drive *d = drive;
	struct background *b = &d->background;

	pthread_setname_np(pthread_self(), "farpage-heal");
	pthread_mutex_lock(&d->lock);
	while (!b->stop) {
		int64_t now = clock_ms(), until = core_wake_at(&d->core, true);

		if (b->waiter.to_check) {
			check(d);
			continue;
		}
		if (drive_wants_chunk(d)) {
			make_chunk(d);
			continue;
		}
		if (!d->leader) {
			if (core_busy(&d->core))
				lead(d);
			else
				look(d);
			until = core_wake_at(&d->core, true);
			if (b->waiter.to_check || (!d->leader && core_busy(&d->core)))
				continue;
		}
		if (until > now + LOOK_MS || d->leader)
			until = now + LOOK_MS;
		if (!b->stop)
			sleep_until(d, until);
	}
	if (d->leader == &b->waiter)
		drive_hand_over(d);
	drive_unlock(d);
	return NULL;
}
