/* SPDX-License-Identifier: BSD-2-Clause */
#include "fault.h"

/* ---- lenders */

static void kill_it(unsigned link_no, int64_t until)
{
	(void)until;
	lender[link_no].state = DEAD;
	net_end_all(link_no, false);
}

static void vanish(unsigned link_no, int64_t until)
{
	(void)until;
	lender[link_no].state = VANISHED;
	net_end_all(link_no, true);
}

static void restart(unsigned link_no)
{
	lender[link_no].state = RUNS;
	lender_starts(link_no);
	net_remember(link_no);
}

static void restart_empty(unsigned link_no)
{
	lender_renew(link_no);
	restart(link_no);
}

static void restart_resized(unsigned link_no)
{
	lender_resize(link_no);
	lender[link_no].resized = true;
	restart_empty(link_no);
}

/* It is started at once; and it says that it still has what it had. */
static void deny(unsigned link_no, int64_t until)
{
	(void)until;
	store_wipe(&lender[link_no].store);
	net_end_all(link_no, false);
}

static void usurp(unsigned link_no, int64_t until)
{
	struct lender *l = &lender[link_no];

	(void)until;
	l->others = l->usurped = true;
	l->ours = false;
	l->epoch++;
	net_end_all(link_no, false);
	tamper_all(link_no);
}

static void leave_it(unsigned link_no)
{
	lender[link_no].others = false;
}

static void freeze(unsigned link_no, int64_t until)
{
	lender[link_no].frozen_until = until;
}

static void slow_down(unsigned link_no, int64_t until)
{
	lender[link_no].slow_until = until;
	lender[link_no].slow = time_between(5, 2 * config.link_timeout);
}

static void lie_about_size(unsigned link_no, int64_t until)
{
	struct lender *l = &lender[link_no];
	const uint64_t lies[] = { 0, 1, EXTENT_PAGES - 1, EXTENT_PAGES, l->pages / 2,
	                          l->pages - 1, l->pages + EXTENT_PAGES, UINT64_MAX / PAGE_BYTES };

	(void)until;
	l->resized = true;
	l->told = lies[dice(sizeof lies / sizeof *lies)];
	net_end_all(link_no, false);
}

static void tell_truth(unsigned link_no)
{
	lender[link_no].told = lender[link_no].pages;
	net_end_all(link_no, false);
}

static void say_errors(unsigned link_no, int64_t until) { (void)until; lender[link_no].errors = true; }
static void no_errors(unsigned link_no) { lender[link_no].errors = false; }
static void be_mute(unsigned link_no, int64_t until) { (void)until; lender[link_no].mute = true; }
static void speak(unsigned link_no) { lender[link_no].mute = false; }
static void flip_in(unsigned link_no, int64_t until) { (void)until; lender[link_no].flips_in = true; }
static void no_flip_in(unsigned link_no) { lender[link_no].flips_in = false; }
static void flip_out(unsigned link_no, int64_t until) { (void)until; lender[link_no].flips_out = true; }
static void no_flip_out(unsigned link_no) { lender[link_no].flips_out = false; }
static void forget(unsigned link_no, int64_t until) { (void)until; lender[link_no].forgets = true; }
static void no_forget(unsigned link_no) { lender[link_no].forgets = false; }

static void open_hole(unsigned link_no, int64_t until)
{
	/* Where it stays for good, what it has can be had. */
	unsigned n = config.mode == LIVENESS && config.for_good ? HOLE_LARGE : HOLES - 1;

	(void)until;
	lender[link_no].hole = NO_HOLE + 1 + (unsigned)dice(n);
	lender[link_no].hole_since = now;
}

static void close_hole(unsigned link_no)
{
	lender[link_no].hole = NO_HOLE;
	net_remember(link_no);
}

static void become_full(unsigned link_no, int64_t until)
{
	(void)until;
	lender[link_no].full = true;
}

static void have_room(unsigned link_no)
{
	lender[link_no].full = false;
}

/* The spill takes it. */
static void all_full(unsigned link_no, int64_t until)
{
	(void)link_no;
	for (unsigned i = 0; i < config.lenders; i++)
		become_full(i, until);
}

static void all_have_room(unsigned link_no)
{
	(void)link_no;
	for (unsigned i = 0; i < config.lenders; i++)
		have_room(i);
}

static void want(unsigned link_no, int64_t until)
{
	static const uint64_t from[] = { 0, EXTENT_PAGES, EXTENT_PAGES + 20, 2 * EXTENT_PAGES };

	(void)until;
	lender[link_no].wants = from[dice(4)];
	lender[link_no].resized = true;
	core_link_wants(&core, link_no, lender[link_no].wants);
}

static void want_no_more(unsigned link_no)
{
	lender[link_no].wants = UINT64_MAX;
	core_link_wants(&core, link_no, UINT64_MAX);
}

static void want_and_drop(unsigned link_no, int64_t until)
{
	want(link_no, until);
	event_at(now + (until - now) / 2, lender_drops, link_no);
}

/* Its place may be another's soon. */
static void leave(unsigned link_no)
{
	struct lender *l = &lender[link_no];

	if (!l->leaving)
		return;
	if (!core_link_retire(&core, link_no, now)) {
		event_at(now + 100, leave, link_no);
		return;
	}
	obey(); /* before another comes */
	l->leaving = false;
	l->left = true;
	HAPPENED(LEFT);
}

static void drain(unsigned link_no, int64_t until)
{
	(void)until;
	if (!core.peer[link_no].known)
		return;
	lender[link_no].leaving = true;
	core_link_wants(&core, link_no, 0);
	leave(link_no);
}

static bool any_left(void)
{
	for (unsigned link_no = 0; link_no < config.lenders; link_no++)
		if (lender[link_no].left)
			return true;
	return false;
}

/* It is wanted again, or another comes instead of one that left. */
static void join(unsigned link_no)
{
	struct lender *l = &lender[link_no];
	int joined;

	if (l->leaving) {
		l->leaving = false;
		core_link_wants(&core, link_no, UINT64_MAX);
	} else if (any_left()) {
		joined = core_link_add(&core, now);
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

static void partition(unsigned link_no, int64_t until)
{
	lender[link_no].to_until = lender[link_no].from_until = until;
}

static void partition_to(unsigned link_no, int64_t until) { lender[link_no].to_until = until; }
static void partition_from(unsigned link_no, int64_t until) { lender[link_no].from_until = until; }

static void connect_again(unsigned link_no)
{
	lender[link_no].to_until = lender[link_no].from_until = now;
}

static void half_open(unsigned link_no, int64_t until)
{
	(void)until;
	net_end_all(link_no, true);
}

static void cut(unsigned link_no, int64_t until)
{
	struct conn *c = net_conn(link_no);

	(void)until;
	if (!c)
		return;
	if (chance(2))
		net_end(c);
	else
		c->cut_after = (int)dice(4);
}

/* What has not been cut is not. */
static void cut_no_more(unsigned link_no)
{
	if (net_conn(link_no))
		net_conn(link_no)->cut_after = -1;
}

/* Its address is another lender's now: a virtual one, or a forwarded port. */
static void lead_to(unsigned link_no, unsigned to)
{
	lender[link_no].leads_to = to;
	if (net_conn(link_no))
		net_end(net_conn(link_no));
}

static void move(unsigned link_no, int64_t until)
{
	unsigned to = (unsigned)dice(config.lenders);

	(void)until;
	if (!lender[to].leaving && !lender[to].left)
		lead_to(link_no, to);
}

static void move_back(unsigned link_no)
{
	lead_to(link_no, link_no);
}

static void flap(unsigned link_no)
{
	if (!fault_active(FAULT_FLAPPING, link_no))
		return;
	cut(link_no, 0);
	event_at(now + time_between(5, 500), flap, link_no);
}

static void begin_flapping(unsigned link_no, int64_t until)
{
	(void)until;
	flap(link_no);
}

/* We see the connection end, the lender does not, and what was sent is on its way. */
static void delay(unsigned link_no, int64_t until)
{
	struct conn *c = net_conn(link_no);

	if (!c)
		return;
	c->held_until = chance(2) ? now + (int64_t)dice(100) : until;
	net_break(c);
}

static void all_gone(unsigned link_no, int64_t until)
{
	(void)link_no;
	for (unsigned i = 0; i < config.lenders; i++)
		partition(i, until);
}

/* Nobody is above suspicion then. */
static void all_late(unsigned link_no, int64_t until)
{
	(void)link_no;
	for (unsigned i = 0; i < config.lenders; i++)
		lender[i].late_until = until;
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
	[FAULT_ALL_LATE] = { all_late, NULL, EVERYBODY | SLOWLY },
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
	for (unsigned link_no = 0; link_no < config.lenders; link_no++) {
		struct lender *l = &lender[link_no];

		l->frozen_until = l->to_until = l->from_until = l->slow_until = l->late_until = now;
	}
}
