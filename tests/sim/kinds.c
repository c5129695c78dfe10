/* SPDX-License-Identifier: BSD-2-Clause */
#include "fault.h"

/* ---- lenders */

static void kill_it(unsigned on, int64_t until)
{
	(void)until;
	lender[on].state = DEAD;
	net_end_all(on, false);
}

static void vanish(unsigned on, int64_t until)
{
	(void)until;
	lender[on].state = VANISHED;
	net_end_all(on, true);
}

static void restart(unsigned on)
{
	lender[on].state = RUNS;
	lender_starts(on);
	net_remember(on);
}

static void restart_empty(unsigned on)
{
	lender_renew(on);
	restart(on);
}

static void restart_resized(unsigned on)
{
	lender_resize(on);
	lender[on].resized = true;
	restart_empty(on);
}

/* It is started at once; and it says that it still has what it had. */
static void deny(unsigned on, int64_t until)
{
	(void)until;
	store_wipe(&lender[on].store);
	net_end_all(on, false);
}

static void usurp(unsigned on, int64_t until)
{
	struct lender *l = &lender[on];

	(void)until;
	l->others = l->usurped = true;
	l->ours = false;
	l->epoch++;
	net_end_all(on, false);
	tamper_all(on);
}

static void leave_it(unsigned on)
{
	lender[on].others = false;
}

static void freeze(unsigned on, int64_t until)
{
	lender[on].frozen_until = until;
}

static void slow_down(unsigned on, int64_t until)
{
	lender[on].slow_until = until;
	lender[on].slow = time_between(5, 2 * config.link_timeout);
}

static void lie_about_size(unsigned on, int64_t until)
{
	struct lender *l = &lender[on];
	const uint64_t lies[] = { 0, 1, EXTENT_PAGES - 1, EXTENT_PAGES, l->pages / 2,
	                          l->pages - 1, l->pages + EXTENT_PAGES, UINT64_MAX / PAGE_BYTES };

	(void)until;
	l->resized = true;
	l->told = lies[dice(sizeof lies / sizeof *lies)];
	net_end_all(on, false);
}

static void tell_truth(unsigned on)
{
	lender[on].told = lender[on].pages;
	net_end_all(on, false);
}

static void say_errors(unsigned on, int64_t until) { (void)until; lender[on].errors = true; }
static void no_errors(unsigned on) { lender[on].errors = false; }
static void be_mute(unsigned on, int64_t until) { (void)until; lender[on].mute = true; }
static void speak(unsigned on) { lender[on].mute = false; }
static void flip_in(unsigned on, int64_t until) { (void)until; lender[on].flips_in = true; }
static void no_flip_in(unsigned on) { lender[on].flips_in = false; }
static void flip_out(unsigned on, int64_t until) { (void)until; lender[on].flips_out = true; }
static void no_flip_out(unsigned on) { lender[on].flips_out = false; }
static void forget(unsigned on, int64_t until) { (void)until; lender[on].forgets = true; }
static void no_forget(unsigned on) { lender[on].forgets = false; }

static void open_hole(unsigned on, int64_t until)
{
	/* Where it stays for good, what it has can be had. */
	unsigned n = config.mode == LIVENESS && config.for_good ? HOLE_LARGE : HOLES - 1;

	(void)until;
	lender[on].hole = NO_HOLE + 1 + (unsigned)dice(n);
	lender[on].hole_since = now;
}

static void close_hole(unsigned on)
{
	lender[on].hole = NO_HOLE;
	net_remember(on);
}

static void become_full(unsigned on, int64_t until)
{
	(void)until;
	lender[on].full = true;
}

static void have_room(unsigned on)
{
	lender[on].full = false;
}

/* The spill takes it. */
static void all_full(unsigned on, int64_t until)
{
	(void)on;
	for (unsigned i = 0; i < config.lenders; i++)
		become_full(i, until);
}

static void all_have_room(unsigned on)
{
	(void)on;
	for (unsigned i = 0; i < config.lenders; i++)
		have_room(i);
}

static void want(unsigned on, int64_t until)
{
	static const uint64_t from[] = { 0, EXTENT_PAGES, EXTENT_PAGES + 20, 2 * EXTENT_PAGES };

	(void)until;
	lender[on].wants = from[dice(4)];
	lender[on].resized = true;
	core_link_wants(&core, on, lender[on].wants);
}

static void want_no_more(unsigned on)
{
	lender[on].wants = UINT64_MAX;
	core_link_wants(&core, on, UINT64_MAX);
}

static void want_and_drop(unsigned on, int64_t until)
{
	want(on, until);
	event_at(now + (until - now) / 2, lender_drops, on);
}

/* Its place may be another's soon. */
static void leave(unsigned on)
{
	struct lender *l = &lender[on];

	if (!l->leaving)
		return;
	if (!core_link_retire(&core, on, now)) {
		event_at(now + 100, leave, on);
		return;
	}
	obey(); /* before another comes */
	l->leaving = false;
	l->left = true;
	HAPPENED(LEFT);
}

static void drain(unsigned on, int64_t until)
{
	(void)until;
	if (!core.peer[on].known)
		return;
	lender[on].leaving = true;
	core_link_wants(&core, on, 0);
	leave(on);
}

static bool any_left(void)
{
	for (unsigned on = 0; on < config.lenders; on++)
		if (lender[on].left)
			return true;
	return false;
}

/* It is wanted again, or another comes instead of one that left. */
static void join(unsigned on)
{
	struct lender *l = &lender[on];
	int joined;

	if (l->leaving) {
		l->leaving = false;
		core_link_wants(&core, on, UINT64_MAX);
	} else if (any_left()) {
		joined = core_link_add(&core);
		if (joined < 0 || !lender[joined].left)
			fail("a lender joins as number %d, which is somebody's", joined);
		net_end_all((unsigned)joined, false);
		lender_renew((unsigned)joined);
		l = &lender[joined];
		l->liar = fault_hides((unsigned)joined); /* what goes on does so with the next */
		l->left = l->gone = l->usurped = l->others = false;
		who_forget((unsigned)joined);
	}
}

/* ---- the way there */

static void partition(unsigned on, int64_t until)
{
	lender[on].to_until = lender[on].from_until = until;
}

static void partition_to(unsigned on, int64_t until) { lender[on].to_until = until; }
static void partition_from(unsigned on, int64_t until) { lender[on].from_until = until; }

static void connect_again(unsigned on)
{
	lender[on].to_until = lender[on].from_until = now;
}

static void half_open(unsigned on, int64_t until)
{
	(void)until;
	net_end_all(on, true);
}

static void cut(unsigned on, int64_t until)
{
	struct conn *c = net_conn(on);

	(void)until;
	if (!c)
		return;
	if (chance(2))
		net_end(c);
	else
		c->cut_after = (int)dice(4);
}

/* What has not been cut is not. */
static void cut_no_more(unsigned on)
{
	if (net_conn(on))
		net_conn(on)->cut_after = -1;
}

/* Its address is another lender's now: a virtual one, or a forwarded port. */
static void lead_to(unsigned on, unsigned to)
{
	lender[on].leads_to = to;
	if (net_conn(on))
		net_end(net_conn(on));
}

static void move(unsigned on, int64_t until)
{
	unsigned to = (unsigned)dice(config.lenders);

	(void)until;
	if (!lender[to].leaving && !lender[to].left)
		lead_to(on, to);
}

static void move_back(unsigned on)
{
	lead_to(on, on);
}

static void flap(unsigned on)
{
	if (!fault_active(FAULT_FLAPPING, on))
		return;
	cut(on, 0);
	event_at(now + time_between(5, 500), flap, on);
}

static void begin_flapping(unsigned on, int64_t until)
{
	(void)until;
	flap(on);
}

/* We see the connection end, the lender does not, and what was sent is on its way. */
static void delay(unsigned on, int64_t until)
{
	struct conn *c = net_conn(on);

	if (!c)
		return;
	c->held_until = chance(2) ? now + (int64_t)dice(100) : until;
	net_break(c);
}

static void all_gone(unsigned on, int64_t until)
{
	(void)on;
	for (unsigned i = 0; i < config.lenders; i++)
		partition(i, until);
}

static const struct fault_kind kinds[FAULT_KINDS] = {
	[FAULT_KILLED] = { kill_it, restart_empty, SPARE | LASTS },
	[FAULT_RESIZED] = { kill_it, restart_resized, SPARE | LASTS },
	[FAULT_RESTARTED] = { kill_it, restart, 0 },
	[FAULT_VANISHED_HOST] = { vanish, restart_empty, SPARE | LASTS },
	[FAULT_HALF_OPEN] = { half_open, net_remember, 0 },
	[FAULT_PARTITION] = { partition, connect_again, 0 },
	[FAULT_PARTITION_TO] = { partition_to, connect_again, 0 },
	[FAULT_PARTITION_FROM] = { partition_from, connect_again, 0 },
	[FAULT_FROZEN] = { freeze, NULL, 0 },
	[FAULT_SLOW] = { slow_down, NULL, SPARE },
	[FAULT_FLAPPING] = { begin_flapping, cut_no_more, 0 },
	[FAULT_CUT] = { cut, cut_no_more, 0 },
	[FAULT_MOVED] = { move, move_back, SPARE },
	[FAULT_LATE] = { delay, NULL, 0 },
	[FAULT_FLIP_IN] = { flip_in, no_flip_in, HIDES_DATA | SPARE },
	[FAULT_FLIP_OUT] = { flip_out, no_flip_out, HIDES_DATA | SPARE },
	[FAULT_FLIP_RAM] = { tamper_flip, NULL, HIDES_DATA | SPARE },
	[FAULT_SWAPPED] = { tamper_swap, NULL, HIDES_DATA | SPARE },
	[FAULT_REPLAYED] = { tamper_replay, NULL, HIDES_DATA | SPARE },
	[FAULT_ZEROED] = { tamper_zero, NULL, HIDES_DATA | SPARE },
	[FAULT_FORGETS] = { forget, no_forget, HIDES_DATA | SPARE },
	[FAULT_DENIES] = { deny, NULL, HIDES_DATA | SPARE },
	[FAULT_SIZE] = { lie_about_size, tell_truth, SAFETY_ONLY },
	[FAULT_ERRORS] = { say_errors, no_errors, SPARE },
	[FAULT_MUTE] = { be_mute, speak, SPARE },
	[FAULT_HOLE] = { open_hole, close_hole, SPARE | ANOTHER | LASTS },
	[FAULT_FULL] = { become_full, have_room, SPARE },
	[FAULT_ALL_FULL] = { all_full, all_have_room, THE_SPILL },
	[FAULT_WANTS] = { want, want_no_more, SPARE },
	[FAULT_DROPS] = { want_and_drop, want_no_more, SAFETY_ONLY },
	[FAULT_DRAINED] = { drain, join, ANOTHER },
	[FAULT_USURPED] = { usurp, leave_it, SPARE | ANOTHER },
	[FAULT_ALL_GONE] = { all_gone, NULL, EVERYBODY },
	[FAULT_SUSPEND] = { here_jump, NULL, SAFETY_ONLY | EVERYBODY },
	[FAULT_STILL] = { here_stand_still, NULL, EVERYBODY },
	[FAULT_SPILL_FULL] = { here_spill_full, here_spill_room, THE_SPILL },
	[FAULT_SPILL_ERRORS] = { here_spill_bad, here_spill_good, THE_SPILL | SPARE },
	[FAULT_SPILL_SLOW] = { here_spill_slow, here_spill_fast, THE_SPILL },
	[FAULT_SPILL_STUCK] = { here_spill_stuck, here_spill_moves, THE_SPILL | SAFETY_ONLY },
	[FAULT_SPILL_DOWN] = { here_spill_down, NULL, THE_SPILL | SAFETY_ONLY },
	[FAULT_NO_CHUNKS] = { here_keep_chunks, NULL, SAFETY_ONLY | EVERYBODY },
	[FAULT_NO_BUFFERS] = { here_take_buffers, here_give_buffers, EVERYBODY },
};

const struct fault_kind *fault_kind(enum fault kind)
{
	return &kinds[kind];
}

void fault_kinds_end(void)
{
	for (unsigned on = 0; on < config.lenders; on++) {
		struct lender *l = &lender[on];

		l->frozen_until = l->to_until = l->from_until = l->slow_until = now;
	}
}
