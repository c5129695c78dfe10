/* SPDX-License-Identifier: BSD-2-Clause */
/* When all is quiet: is what the core remembers true? */
#include "sim.h"

static const struct store *store_of(int link_no)
{
	return link_no == (int)config.lenders ? &disk.store : &lender[link_no].store;
}

/* Of the lender that LINK_NO leads to. */
static uint64_t process_of(int link_no)
{
	return lender[net_conn((unsigned)link_no)->at].process;
}

static bool opens(uint64_t page, const struct record *r, const struct copy *at)
{
	static const uint8_t zeros[PAGE_BYTES];
	const uint8_t *data = store_look(store_of(at->link_no), layout_page(at, page));
	uint8_t out[PAGE_BYTES] __attribute__((aligned(8)));

	return sealer_open_page(buffers->all[0].sealer, page, r, data ? data : zeros, out) == 0 &&
	       model_allows((unsigned)page_spot(page), out, &(struct seen){0});
}

static void copy_is_right(uint64_t page, const struct record *r, const struct copy *at)
{
	if (at->link_no < (int)config.lenders && lender[at->link_no].liar)
		return;
	if (store_dropped(store_of(at->link_no), layout_page(at, page)))
		return; /* it says so to whoever gets it */
	HAPPENED(AUDITED);
	if (!opens(page, r, at))
		fail("page %llu has a copy on link %d, as the record says, but it is another",
		     (unsigned long long)page, at->link_no);
}

static bool in_use(const struct record *r, const struct extent *e, unsigned copy)
{
	int link_no = e->copy[copy].link_no;

	return r->copies & 1u << copy && link_no >= 0 && link_no < (int)config.lenders && net_up((unsigned)link_no);
}

/* Who ends takes one copy of a page, of those that are in use. */
static void copies_are_apart(uint64_t page, const struct record *r, const struct extent *e)
{
	for (unsigned copy = 1; copy < COPY_PLACES; copy++)
		for (unsigned other = 0; other < copy; other++)
			if (in_use(r, e, copy) && in_use(r, e, other) &&
			    process_of(e->copy[copy].link_no) &&
			    process_of(e->copy[copy].link_no) == process_of(e->copy[other].link_no))
				fail("page %llu has two copies in one process, on links %d and %d",
				     (unsigned long long)page, e->copy[copy].link_no, e->copy[other].link_no);
}

/* At any time: a copy that a record has is somewhere, and no two are in one process. */
void audit_places(void)
{
	for (unsigned spot = 0; spot < SPOTS; spot++) {
		const struct record *r = map_record(&map, spot_page(spot));
		const struct extent *e = map_extent(&map, spot_page(spot));

		for (unsigned copy = 0; r && r->state == PAGE_SEALED && copy < COPY_PLACES; copy++)
			if (r->copies & 1u << copy && e->copy[copy].link_no < 0)
				fail("page %llu has a copy that is nowhere",
				     (unsigned long long)spot_page(spot));
		if (r && r->state == PAGE_SEALED && who_apart())
			copies_are_apart(spot_page(spot), r, e);
	}
}

static void page_is_right(unsigned spot)
{
	uint64_t page = spot_page(spot);
	const struct record *r = map_record(&map, page);
	const struct extent *e = map_extent(&map, page);
	unsigned copies = 0;

	if (!r || r->state != PAGE_SEALED)
		return;
	for (unsigned copy = 0; copy < COPY_PLACES; copy++) {
		const struct copy *at = &e->copy[copy];

		if (!(r->copies & 1u << copy))
			continue;
		if (at->stale || (at->link_no < (int)config.lenders && lender[at->link_no].gone))
			continue;
		copy_is_right(page, r, at);
		copies += at->link_no != (int)config.lenders;
	}
	if (config.mode == LIVENESS && copies < config.copies)
		fail("page %llu has %u copies, and nothing more is to be healed",
		     (unsigned long long)page, copies);
}

/* Figures are told of these. */
static void counts_are_right(void)
{
	uint64_t held[PAGE_LOST + 1] = {0}, heals = 0;

	for (uint64_t page = 0; page < map.pages; page++) {
		const struct record *r = map_record(&map, page);

		held[r ? r->state : PAGE_ABSENT]++;
	}
	for (unsigned state = PAGE_ABSENT; state <= PAGE_LOST; state++)
		if (held[state] != map.held[state])
			fail("%llu pages are of state %u, and %llu are counted",
			     (unsigned long long)held[state], state, (unsigned long long)map.held[state]);
	for (uint64_t e = 0; e < map.extents; e++)
		heals += map.extent[e].heal;
	if (heals != map.heals)
		fail("%llu extents are to be looked at, and %llu are counted",
		     (unsigned long long)heals, (unsigned long long)map.heals);
}

/* Does one of its copies, on a link that is up, hold what was put? */
static bool can_be_read(uint64_t page, const struct record *r, unsigned *copies)
{
	const struct extent *e = map_extent(&map, page);
	bool can = false;

	for (unsigned copy = *copies = 0; copy < COPY_PLACES; copy++) {
		const struct copy *at = &e->copy[copy];

		if (!(r->copies & 1u << copy) || at->stale || core.peer[at->link_no].state != PEER_UP)
			continue;
		*copies += at->link_no != (int)config.lenders;
		can = can || (!store_dropped(store_of(at->link_no), layout_page(at, page)) &&
		              opens(page, r, at));
	}
	return can;
}

/* What cannot be healed keeps nothing else from it. */
void audit_rest(void)
{
	for (unsigned link_no = 0; link_no < config.lenders; link_no++)
		if (!net_up(link_no))
			return;
	if (!lenders_have_room() || config.lenders < config.copies)
		return;
	HAPPENED(UNHEALED);
	for (unsigned spot = 0; spot < SPOTS; spot++) {
		const struct record *r = map_record(&map, spot_page(spot));
		unsigned copies;

		if (r && r->state == PAGE_SEALED && can_be_read(spot_page(spot), r, &copies) &&
		    copies < config.copies)
			fail("page %llu has %u copies, and nobody makes more",
			     (unsigned long long)spot_page(spot), copies);
	}
}

bool audit_lacks(uint32_t link_mask)
{
	for (unsigned spot = 0; spot < SPOTS; spot++) {
		const struct record *r = map_record(&map, spot_page(spot));
		const struct extent *e = map_extent(&map, spot_page(spot));
		unsigned copies = 0;

		for (unsigned copy = 0; r && copy < COPY_SPILL; copy++)
			copies += r->copies & 1u << copy && !e->copy[copy].stale &&
			          link_mask & 1u << e->copy[copy].link_no;
		if (r && r->state == PAGE_SEALED && copies && copies < config.copies)
			return true;
	}
	return false;
}

void audit_held(void)
{
	struct ask *ask;
	unsigned asks = 0;

	TAILQ_FOREACH(ask, &core.free_asks, link)
		asks++;
	if (asks != CORE_ASKS)
		fail("%u asks are under way, and nothing is to be done", CORE_ASKS - asks);
	if (config.spill && core.peer[config.lenders].state == PEER_STUCK)
		fail("the spill is stuck, and owes nothing");
	if (buffers->free_n != buffers->n)
		fail("%u buffers are held, and nothing is to be done",
		     buffers->n - buffers->free_n);
	for (unsigned e = 0; e < EXTENTS; e++)
		if (map.extent[e].taken)
			fail("pages of extent %u are taken, and nothing is to be done", e);
	counts_are_right();
}

void audit(void)
{
	audit_held();
	audit_places();
	for (unsigned spot = 0; spot < SPOTS; spot++)
		page_is_right(spot);
}
