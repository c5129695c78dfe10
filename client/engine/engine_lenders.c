/* SPDX-License-Identifier: BSD-2-Clause */
/* Lenders that come and go, and how they are, for a thread that is not on the path of a
 * page. */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "engine.h"

void engine_look(struct engine *e, struct engine_view *v)
{
	pthread_mutex_lock(&e->lock);
	v->now = clock_ms();
	v->unhealed = core_unhealed(&e->core);
	v->missing = core_missing(&e->core);
	v->unread = e->core.heal.lap;
	v->dry = e->map.dry;
	v->stuck = false;
	v->links = e->links;
	for (unsigned on = 0; on < e->links; on++) {
		const struct peer *p = &e->core.peer[on];
		struct link_view *l = &v->link[on];

		v->stuck = v->stuck || p->state == PEER_STUCK;
		l->state = p->state;
		l->known = p->known;
		l->left_out = core_left_out(&e->core, on, v->now);
		l->twin = p->twin;
		l->sibling = p->sibling;
		l->down_since = p->down_since;
		memcpy(l->identity, p->identity, sizeof l->identity);
		memcpy(l->words, e->opening[on].words, sizeof l->words);
	}
	engine_unlock(e);
}

/* Nobody may be turning the wheel just now. */
static void turn(struct engine *e)
{
	core_tick(&e->core, clock_ms());
	engine_carry_out(e);
	pthread_cond_signal(&e->background.work);
	engine_unlock(e);
}

int engine_join(struct engine *e, struct link *link)
{
	int on;

	pthread_mutex_lock(&e->lock);
	on = core_link_add(&e->core);
	if (on < 0) {
		engine_unlock(e);
		return -1;
	}
	if ((unsigned)on == e->links)
		e->links++;
	else
		e->link[on]->ops->free(e->link[on]);
	memset(&e->opening[on], 0, sizeof e->opening[on]);
	memset(&e->figures[on], 0, sizeof e->figures[on]);
	engine_set(e, (unsigned)on, link);
	turn(e);
	return on;
}

void engine_wants(struct engine *e, unsigned on, uint64_t page)
{
	pthread_mutex_lock(&e->lock);
	core_link_wants(&e->core, on, page);
	turn(e);
}

bool engine_retire(struct engine *e, unsigned on)
{
	bool retired;

	pthread_mutex_lock(&e->lock);
	retired = core_link_retire(&e->core, on, clock_ms());
	turn(e);
	return retired;
}

void engine_address(struct engine *e, unsigned on, const struct address *address)
{
	pthread_mutex_lock(&e->lock);
	link_nbd_address(e->link[on], address);
	engine_unlock(e);
}

void engine_pool(struct engine *e, unsigned on, char *pool)
{
	pthread_mutex_lock(&e->lock);
	link_nbd_pool(e->link[on], pool);
	engine_unlock(e);
}
