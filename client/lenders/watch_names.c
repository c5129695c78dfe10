/* SPDX-License-Identifier: BSD-2-Clause */
/* Lenders' names: looked up beside everything else, and again while their lenders are away. */
#include "watch.h"

#include <string.h>

#include "clock.h"

#define AGAIN_MS 5000

static void watch_names_begin(struct watched *l)
{
	l->lookup = lookup_begin(&l->address);
	l->look_up_at = clock_ms() + AGAIN_MS;
}

/* False: it goes on. */
static bool end(struct watched *l, int64_t at, struct address *address)
{
	if (!lookup_end(l->lookup, at, address))
		return false;
	l->lookup = NULL;
	return true;
}

void watch_look_up(struct watch *w, int64_t until)
{
	for (unsigned i = 0; i < LENDERS_MAX; i++)
		if (*w->lender[i].address.host)
			watch_names_begin(&w->lender[i]);
	for (unsigned i = 0; i < LENDERS_MAX; i++) {
		struct watched *l = &w->lender[i];

		/* The process may fork next, which its thread would not outlive. */
		if (l->lookup && !end(l, until, &l->address)) {
			lookup_drop(l->lookup);
			l->lookup = NULL;
		}
	}
}

/* The link, too, has the new one. */
static void move(struct watch *w, struct watched *l, const struct address *to)
{
	if (!to->unknown && !address_same(&l->address, to)) {
		l->address = *to;
		l->refused = false;
		if (l->link_no >= 0)
			engine_address(w->engine, (unsigned)l->link_no, to);
	}
	l->address.unknown = to->unknown;
}

bool watch_name_is_to_come(const struct watched *l)
{
	return !l->address.endpoints && !l->address.unknown && clock_ms() < l->look_up_at + AGAIN_MS;
}

void watch_name_again(struct watch *w, struct watched *l)
{
	struct address address;
	bool up = l->link_no >= 0 && w->view.link[l->link_no].state == PEER_UP;

	if (l->lookup && end(l, 0, &address))
		move(w, l, &address);
	if (!l->lookup && !up && (l->wanted || l->link_no >= 0) && *l->address.host &&
	    clock_ms() >= l->look_up_at)
		watch_names_begin(l);
}
