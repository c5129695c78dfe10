/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "fault.h"

static void flip(struct cell *c)
{
	c->data[dice(PAGE_BYTES)] ^= (uint8_t)(1u << dice(8));
}

static void swap(struct cell *c, struct cell *with)
{
	uint8_t *data = c->data;

	c->data = with->data;
	with->data = data;
}

static void replay(struct cell *c)
{
	uint8_t *was = c->was;

	if (!was)
		return;
	c->was = c->data;
	c->data = was;
}

static void one(enum fault kind, unsigned link_no)
{
	struct cell *c = store_any(&lender[link_no].store);

	if (!c)
		return;
	TRACE("lender %u: %s", link_no, fault_words(kind));
	switch (kind) {
	case FAULT_FLIP_RAM: flip(c); break;
	case FAULT_SWAPPED: swap(c, store_any(&lender[link_no].store)); break;
	case FAULT_REPLAYED: replay(c); break;
	default: memset(c->data, 0, PAGE_BYTES); break;
	}
}

/* It goes on doing so. */
static void again(unsigned what)
{
	enum fault kind = what / LENDERS_MAX;
	unsigned link_no = what % LENDERS_MAX;

	if (!fault_active(kind, link_no))
		return;
	for (uint64_t n = 1 + dice(4); n; n--)
		one(kind, link_no);
	event_at(now + time_between(1, 2000), again, what);
}

void tamper_flip(unsigned link_no, int64_t until)
{
	(void)until;
	again(FAULT_FLIP_RAM * LENDERS_MAX + link_no);
}

void tamper_swap(unsigned link_no, int64_t until)
{
	(void)until;
	again(FAULT_SWAPPED * LENDERS_MAX + link_no);
}

void tamper_replay(unsigned link_no, int64_t until)
{
	(void)until;
	again(FAULT_REPLAYED * LENDERS_MAX + link_no);
}

void tamper_zero(unsigned link_no, int64_t until)
{
	(void)until;
	again(FAULT_ZEROED * LENDERS_MAX + link_no);
}

void tamper_all(unsigned link_no)
{
	for (unsigned i = 0; i < STORE_SLOTS * STORE_OF; i++) {
		uint8_t *data = lender[link_no].store.cell[i].data;

		if (data)
			page_make(data, UINT64_MAX / 2 + i);
	}
}
