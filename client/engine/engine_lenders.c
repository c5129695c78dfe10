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
	for (unsigned link_no = 0; link_no < e->links; link_no++) {
		const struct peer *p = &e->core.peer[link_no];
		struct link_view *l = &v->link[link_no];

		v->stuck = v->stuck || p->state == PEER_STUCK;
		l->state = p->state;
		l->known = p->known;
		l->left_out = core_left_out(&e->core, link_no, v->now);
		l->twin = p->twin;
		l->sibling = p->sibling;
		l->down_since = p->down_since;
		memcpy(l->identity, p->identity, sizeof l->identity);
		memcpy(l->words, e->opening[link_no].words, sizeof l->words);
	}
	engine_unlock(e);
}

/* Nobody may be turning the wheel just now. */
static void turn(struct engine *e)
{
	core_tick(&e->core, clock_ms());
	engine_carry_out(e);
	engine_tell(e, &e->background.waiter);
	engine_unlock(e);
}

int engine_join(struct engine *e, struct link *link)
{
	int link_no;

	pthread_mutex_lock(&e->lock);
	link_no = core_link_add(&e->core, clock_ms());
	if (link_no < 0) {
		engine_unlock(e);
		return -1;
	}
	if ((unsigned)link_no == e->links)
		e->links++;
	else
		e->link[link_no]->ops->free(e->link[link_no]);
	memset(&e->opening[link_no], 0, sizeof e->opening[link_no]);
	memset(&e->figures[link_no], 0, sizeof e->figures[link_no]);
	engine_set(e, (unsigned)link_no, link);
	turn(e);
	return link_no;
}

void engine_wants(struct engine *e, unsigned link_no, uint64_t page)
{
	pthread_mutex_lock(&e->lock);
	core_link_wants(&e->core, link_no, page);
	turn(e);
}

bool engine_retire(struct engine *e, unsigned link_no)
{
	bool retired;

	pthread_mutex_lock(&e->lock);
	retired = core_link_retire(&e->core, link_no, clock_ms());
	turn(e);
	return retired;
}

void engine_address(struct engine *e, unsigned link_no, const struct address *address)
{
	pthread_mutex_lock(&e->lock);
	link_nbd_address(e->link[link_no], address);
	engine_unlock(e);
}

void engine_pool(struct engine *e, unsigned link_no, char *pool)
{
	pthread_mutex_lock(&e->lock);
	link_nbd_pool(e->link[link_no], pool);
	engine_unlock(e);
}
