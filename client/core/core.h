/* SPDX-License-Identifier: BSD-2-Clause */
/* The borrower's core: decides what happens to every page. A deterministic
 * state machine without threads, sockets, clock or allocation: events go in,
 * commands come out, and the caller (engine.c, or a simulator) carries them out.
 *
 * The rules it keeps:
 * - after a put that succeeded, get returns that page until it is flushed or
 *   put again; a put that failed leaves the page lost, and a lost page answers
 *   EIO, never zeros and never an older put;
 * - at most one operation at a time has a page;
 * - a put is done when every live copy has it; which have it stands in the
 *   record, and a copy that does not is never asked for the page;
 * - a link that failed or timed out is closed before any operation on it ends
 *   or goes on elsewhere, and it is used again only after a new claim, which
 *   fences whatever was still on its way;
 * - a pool is one link's: that of the first who came; with copies so is a lender,
 *   unless two of them may be there;
 * - a link whose memory was lost has no copies any more; one whose pool was
 *   another's meanwhile is never used again;
 * - what a get brings counts only once its tag was checked.
 *
 * Times are milliseconds of one monotonic clock. */
#ifndef FARPAGE_CORE_H
#define FARPAGE_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "state.h"

enum command_kind {
	COMMAND_CONNECT, /* open LINK_NO and claim its pool */
	COMMAND_CLOSE,   /* close it now: its buffers are ours again */
	COMMAND_SEND,    /* ask ASK->link_no for ASK */
	COMMAND_CHECK,   /* OP's waiter seals, or opens what came, and then core_checked() */
	COMMAND_DONE,    /* tell OP's waiter */
};

struct command {
	enum command_kind kind;
	unsigned link_no;
	struct ask *ask;
	struct op *op;
};

/* 0, or -1 with errno. The map and the buffers stay the caller's. */
int core_open(struct core *, const struct core_options *, struct map *, struct buffers *);
/* The links are closed, and no caller waits. */
void core_close(struct core *);

/* Events. */
/* OP has its kind, pages, pattern, waiter and until. */
void core_start(struct core *, struct op *, int64_t now);
/* OP, whose COMMAND_CHECK was carried out: pages that are set in BAD could not be sealed, or
 * were not what had been. */
void core_checked(struct core *, struct op *, uint32_t bad, int64_t now);
void core_reply(struct core *, struct ask *, int error, int64_t now);
/* LINK_NO leads to the pool of IDENTITY. False: it must not be claimed. Another link has
 * that pool, or has another pool of the same lender. */
bool core_link_meets(struct core *, unsigned link_no, const char *identity);
/* LINK_NO is claimed, and has room for PAGES. */
void core_link_up(struct core *, unsigned link_no, const char *identity, uint64_t pages,
                  int64_t now);
void core_link_down(struct core *, unsigned link_no, int64_t now);
/* The lender wants back all from PAGE of its pool on; 0 drains it, UINT64_MAX
 * is that it no longer does. */
void core_link_wants(struct core *, unsigned link_no, uint64_t page);
/* One lender more, which is down: its number, one that was retired, and the commands since
 * carried out, or behind all others. -1: there are as many as may be. */
int core_link_add(struct core *, int64_t now);
/* Forget the drained lender LINK_NO. False: it is not empty yet; what it kept is flushed before,
 * unless it is away. */
bool core_link_retire(struct core *, unsigned link_no, int64_t now);
/* Memory for records; NULL: there is none to be had. */
void core_give(struct core *, void *block, int64_t now);
void core_tick(struct core *, int64_t now);

/* The next thing to be done, false when there is none. A command is carried
 * out before the next one is asked for. */
bool core_next(struct core *, struct command *, int64_t now);
/* When core_tick() has something to do at the latest. BACKGROUND: also if it is
 * nobody's operation, but healing or flushing slots. */
int64_t core_wake_at(const struct core *, bool background);

/* Is something under way that is nobody's operation? */
bool core_busy(const struct core *);
/* Are there slots to be flushed, on links that are up? */
bool core_wiping(const struct core *);
/* How many pages of the device have fewer copies than they should, or have one on a link
 * that is away: 0 when all is well. An upper bound by extents. */
uint64_t core_unhealed(const struct core *);
/* How many have fewer copies than they should, as far as is known; those on a link that has
 * not been away for long count. */
uint64_t core_missing(const struct core *);
/* LINK_NO can be opened, but failed so often that its copies are made elsewhere. */
bool core_left_out(const struct core *, unsigned link_no, int64_t now);

#endif
