/* SPDX-License-Identifier: BSD-2-Clause */
/* The background thread: what is to be done although nobody waits for it. */
#include "engine.h"

#include "clock.h"

#define LOOK_MS 1000 /* a link that died while nobody uses it is found out in so long */

/* Whom we told something, the leader among them, is woken first; then things may have
 * changed. */
static void sleep_until(struct engine *e, int64_t ms)
{
	const struct timespec until = clock_timespec(ms);

	if (!TAILQ_EMPTY(&e->woken)) {
		engine_unlock(e);
		pthread_mutex_lock(&e->lock);
		return;
	}
	pthread_cond_timedwait(&e->background.work, &e->lock, &until);
}

/* Memory for records, made without the lock. */
static void make_chunk(struct engine *e)
{
	void *block;

	engine_unlock(e);
	block = record_block_new();
	pthread_mutex_lock(&e->lock);
	if (!block)
		e->background.make_at = clock_ms() + LOOK_MS;
	if (!block || map_wants(&e->map))
		core_give(&e->core, block, clock_ms());
	else
		record_block_free(block);
	engine_carry_out(e);
}

/* Lead as long as there is something to wait for, and nobody else does. */
static void lead(struct engine *e)
{
	struct waiter *w = &e->background.waiter;

	e->leader = w;
	do {
		int64_t now, until;

		engine_send(e);
		now = clock_ms();
		until = core_wake_at(&e->core, true);
		engine_poll(e, until < now + LOOK_MS ? until : now + LOOK_MS);
	} while (!e->background.stop && !w->to_check && core_busy(&e->core) && !engine_wants_block(e) &&
	         TAILQ_EMPTY(&e->waiters));
	engine_hand_over(e);
}

static void background_look(struct engine *e)
{
	struct waiter *w = &e->background.waiter;

	e->leader = w;
	engine_poll(e, 0);
	engine_hand_over(e);
}

static void check(struct engine *e)
{
	struct op *ops = e->background.waiter.to_check;

	e->background.waiter.to_check = NULL;
	engine_unlock(e);
	engine_check(e, ops);
}

void *background_run(void *engine)
{
	struct engine *e = engine;
	struct background *b = &e->background;

	pthread_setname_np(pthread_self(), "farpage-heal");
	pthread_mutex_lock(&e->lock);
	while (!b->stop) {
		int64_t now = clock_ms(), until = core_wake_at(&e->core, true);

		if (b->waiter.to_check) {
			check(e);
			continue;
		}
		if (engine_wants_block(e)) {
			make_chunk(e);
			continue;
		}
		if (!e->leader) {
			if (core_busy(&e->core))
				lead(e);
			else
				background_look(e);
			until = core_wake_at(&e->core, true);
			if (b->waiter.to_check || (!e->leader && core_busy(&e->core)))
				continue;
		}
		if (until > now + LOOK_MS || e->leader)
			until = now + LOOK_MS;
		if (!b->stop)
			sleep_until(e, until);
	}
	if (e->leader == &b->waiter)
		engine_hand_over(e);
	engine_unlock(e);
	return NULL;
}
