/* SPDX-License-Identifier: BSD-2-Clause */
/* What goes wrong on the borrower's own host: its time, its memory, its disk. */
#include "dispatch.h"
#include "fault.h"
#include "stall.h"

#define BUFFERS_MAX 256u

static struct buffer *hostage[BUFFERS_MAX];
static unsigned hostages;

void here_reset(void)
{
	hostages = 0;
}

void here_jump(unsigned link_no, int64_t until)
{
	(void)link_no;
	(void)until;
	now_jumps(time_between(100, 3600000));
}

/* Nobody else does: what they sent meanwhile is here, and it is not their fault. */
void here_stand_still(unsigned link_no, int64_t until)
{
	int64_t ms = time_between(100, 20000);

	(void)link_no;
	(void)until;
	if (!config.still)
		return;
	now_jumps(ms);
	callers_were_late(ms);
}

/* Whoever makes them waits for memory, or was told that there is none. */
void here_keep_chunks(unsigned link_no, int64_t until)
{
	(void)link_no;
	(void)until;
	if (chance(2))
		core_give(&core, NULL, now);
}

void here_take_buffers(unsigned link_no, int64_t until)
{
	unsigned spare = 2 + (unsigned)dice(6);

	(void)link_no;
	(void)until;
	while (buffers->free_n > spare && hostages < BUFFERS_MAX)
		hostage[hostages++] = buffers_take(buffers);
}

void here_give_buffers(unsigned link_no)
{
	(void)link_no;
	while (hostages)
		buffers_drop(buffers, hostage[--hostages]);
	core.freed = true;
	stall_enter(&core, now);
	dispatch(&core, now);
}

void here_spill_full(unsigned link_no, int64_t until) { (void)link_no, (void)until; disk.full = true; }
void here_spill_room(unsigned link_no) { (void)link_no; disk.full = false; }
void here_spill_bad(unsigned link_no, int64_t until) { (void)link_no, (void)until; disk.errors = true; }
void here_spill_good(unsigned link_no) { (void)link_no; disk.errors = false; }
void here_spill_stuck(unsigned link_no, int64_t until) { (void)link_no, (void)until; disk.stuck = true; }
void here_spill_moves(unsigned link_no) { (void)link_no; disk.stuck = false; }

void here_spill_slow(unsigned link_no, int64_t until)
{
	(void)link_no, (void)until;
	disk.slow = time_between(5, config.link_timeout / 2);
}

void here_spill_fast(unsigned link_no) { (void)link_no; disk.slow = 0; }

void here_spill_down(unsigned link_no, int64_t until)
{
	(void)link_no, (void)until;
	if (!disk.up)
		return;
	disk_close();
	core_link_down(&core, config.lenders, now);
}
