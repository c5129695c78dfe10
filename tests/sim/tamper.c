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

static void one(enum fault kind, unsigned on)
{
	struct cell *c = store_any(&lender[on].store);

	if (!c)
		return;
	TRACE("lender %u: %s", on, fault_words(kind));
	switch (kind) {
	case FAULT_FLIP_RAM: flip(c); break;
	case FAULT_SWAPPED: swap(c, store_any(&lender[on].store)); break;
	case FAULT_REPLAYED: replay(c); break;
	default: memset(c->data, 0, PAGE_BYTES); break;
	}
}

/* It goes on doing so. */
static void again(unsigned what)
{
	enum fault kind = what / LENDERS_MAX;
	unsigned on = what % LENDERS_MAX;

	if (!fault_active(kind, on))
		return;
	for (uint64_t n = 1 + dice(4); n; n--)
		one(kind, on);
	event_at(now + time_between(1, 2000), again, what);
}

void tamper_flip(unsigned on, int64_t until)
{
	(void)until;
	again(FAULT_FLIP_RAM * LENDERS_MAX + on);
}

void tamper_swap(unsigned on, int64_t until)
{
	(void)until;
	again(FAULT_SWAPPED * LENDERS_MAX + on);
}

void tamper_replay(unsigned on, int64_t until)
{
	(void)until;
	again(FAULT_REPLAYED * LENDERS_MAX + on);
}

void tamper_zero(unsigned on, int64_t until)
{
	(void)until;
	again(FAULT_ZEROED * LENDERS_MAX + on);
}

void tamper_all(unsigned on)
{
	for (unsigned i = 0; i < STORE_SLOTS * STORE_OF; i++) {
		uint8_t *data = lender[on].store.cell[i].data;

		if (data)
			page_make(data, UINT64_MAX / 2 + i);
	}
}
