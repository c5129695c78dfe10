/* SPDX-License-Identifier: BSD-2-Clause */
/* Lenders that come and go, and how they are, for a thread that is not on the path of a
 * page. */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "drive.h"

void drive_look(struct drive *d, struct drive_view *v)
{
	pthread_mutex_lock(&d->lock);
	v->now = clock_ms();
	v->unhealed = core_unhealed(&d->core);
	v->missing = core_missing(&d->core);
	v->unread = d->core.heal.lap;
	v->dry = d->map.dry;
	v->stuck = false;
	v->links = d->links;
	for (unsigned on = 0; on < d->links; on++) {
		const struct peer *p = &d->core.peer[on];
		struct link_view *l = &v->link[on];

		v->stuck = v->stuck || p->state == PEER_STUCK;
		l->state = p->state;
		l->known = p->known;
		l->left_out = core_left_out(&d->core, on, v->now);
		l->twin = p->twin;
		l->sibling = p->sibling;
		l->down_since = p->down_since;
		memcpy(l->identity, p->identity, sizeof l->identity);
		memcpy(l->words, d->opening[on].words, sizeof l->words);
	}
	drive_unlock(d);
}

/* Nobody may be turning the wheel just now. */
static void turn(struct drive *d)
{
	core_tick(&d->core, clock_ms());
	drive_carry_out(d);
	pthread_cond_signal(&d->background.work);
	drive_unlock(d);
}

int drive_join(struct drive *d, struct link *link)
{
	int on;

	pthread_mutex_lock(&d->lock);
	on = core_link_add(&d->core);
	if (on < 0) {
		drive_unlock(d);
		return -1;
	}
	if ((unsigned)on == d->links)
		d->links++;
	else
		d->link[on]->ops->free(d->link[on]);
	memset(&d->opening[on], 0, sizeof d->opening[on]);
	memset(&d->figures[on], 0, sizeof d->figures[on]);
	drive_set(d, (unsigned)on, link);
	turn(d);
	return on;
}

void drive_wants(struct drive *d, unsigned on, uint64_t page)
{
	pthread_mutex_lock(&d->lock);
	core_link_wants(&d->core, on, page);
	turn(d);
}

bool drive_retire(struct drive *d, unsigned on)
{
	bool retired;

	pthread_mutex_lock(&d->lock);
	retired = core_link_retire(&d->core, on, clock_ms());
	turn(d);
	return retired;
}

void drive_address(struct drive *d, unsigned on, const struct address *address)
{
	pthread_mutex_lock(&d->lock);
	link_nbd_address(d->link[on], address);
	drive_unlock(d);
}

void drive_pool(struct drive *d, unsigned on, char *pool)
{
	pthread_mutex_lock(&d->lock);
	link_nbd_pool(d->link[on], pool);
	drive_unlock(d);
}
