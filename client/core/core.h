/* SPDX-License-Identifier: BSD-2-Clause */
/* The borrower's core: decides what happens to every page. A deterministic
 * state machine without threads, sockets, clock or allocation: events go in,
 * commands come out, and the caller (drive.c, or a simulator) carries them out.
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

#include "layout.h"
#include "op.h"

#define CORE_RETRY_MIN_MS 20
#define CORE_RETRY_MAX_MS 100
#define CORE_PATIENCE_MS  250  /* with a link that is gone: some tries long */
#define CORE_FULL_MS      1000 /* a link that refused for want of room is not asked for more */
#define CORE_MOVE_MS      2000 /* a lender that is away, or refuses, so long: its copies are made elsewhere */
#define CORE_STILL_MS     250
#define CORE_NEVER        INT64_MAX

struct core_options {
	unsigned links;           /* lenders, and the spill, which is the last of them */
	bool spill;
	unsigned copies;
	int64_t deadline_ms;      /* of a caller's request, and so long a link is waited for */
	int64_t link_timeout_ms;  /* a link that owes a reply this long is dead */
	bool same_lender;         /* two copies may be in pools of one lender */
	bool patient;             /* a lender that fails again and again is asked all the same */
	int64_t still_ms;         /* who was so much late stood still, and nobody else; 0: never */
	uint32_t heal_pages;      /* a second at most */
	uint64_t seed;
};

enum peer_state {
	PEER_DOWN,       /* closed; opened again at retry_at */
	PEER_CONNECTING, /* opening and claiming */
	PEER_UP,
	PEER_STUCK,      /* the spill, when its disk hangs: up again when all was answered */
	PEER_GONE,       /* its pool is another's: never again */
	PEER_RETIRED,    /* it was drained, and is no lender now */
};

/* What the core knows of one link. */
struct peer {
	enum peer_state state;
	int64_t state_since;
	uint64_t timeouts;       /* how often it owed an answer too long */
	bool close;              /* COMMAND_CLOSE is not yet taken */
	bool known;              /* it was up once */
	int twin;                /* the link that has the pool it leads to, -1 none */
	int sibling;             /* that has another pool of that lender, where it may not, -1 none */
	int64_t retry_at, retry_ms;
	int64_t connect_by;
	int64_t down_since;
	int64_t full_until;      /* it refused a put: it has no room, or does not want to */
	unsigned strikes;        /* how often it failed, see suspect.c */
	int64_t struck_at;       /* last */
	bool proved;             /* it has done something since it was opened */
	int64_t slow;            /* 1/256 ms: 99 of 100 replies came sooner */
	char identity[IDENTITY_MAX];
	struct ask_list ready, sent;
	unsigned asks;           /* in both */
	unsigned flushes;        /* among them */
	unsigned buffers;        /* of asks, and of puts that are being sealed for it */
	struct ask *wipe;        /* flushing a dirty slot */
	int64_t wipe_at;         /* not before */
};

enum command_kind {
	COMMAND_CONNECT, /* open link ON and claim its pool */
	COMMAND_CLOSE,   /* close it now: its buffers are ours again */
	COMMAND_SEND,    /* ask ASK->on for ASK */
	COMMAND_CHECK,   /* OP's waiter seals, or opens what came, and then core_checked() */
	COMMAND_DONE,    /* tell OP's waiter */
};

struct command {
	enum command_kind kind;
	unsigned on;
	struct ask *ask;
	struct op *op;
};

/* Counted since the start. */
struct core_counts {
	uint64_t puts, gets, fills;          /* operations that ended well */
	uint64_t put_errors, get_errors;
	uint64_t puts_no_room;               /* of PUT_ERRORS */
	uint64_t spilled_pages;              /* put to the spill */
	uint64_t bad_pages;                  /* that a copy had wrong */
	uint64_t hedges;
	uint64_t healed_pages;
	uint64_t lost_memories, usurped;     /* links */
};

/* Pages of which no copy on a link that is up is what had been put. */
#define UNREAD_MAX 4u
struct unread {
	uint64_t n, page[UNREAD_MAX]; /* the first of them */
};

struct core {
	struct core_options o;
	struct layout layout;
	struct peer peer[LINKS_MAX];
	/* What operations wait for, in this order: records and pages of the map, a buffer, asks.
	 * Who has one of these waits for none that stands before it. */
	struct map *map;
	struct buffers *buffers;
	struct ask asks[CORE_ASKS];
	struct ask_list free_asks;

	int64_t seen;              /* when something happened last */
	struct op_list queued, active, came, check, ended;
	bool starved;              /* an operation waits for an ask or a buffer */

	struct heal {              /* see heal.c */
		struct op op;
		void *waiter;          /* of OP: the caller sets it; NULL: nothing is healed */
		bool busy;             /* with OP */
		bool failed;           /* a run of this extent could not be healed */
		uint64_t extent, at;   /* where the walk is: an extent, a page in it */
		uint64_t single;       /* up to this one page by page, around those that are bad */
		uint8_t to;            /* copies that OP makes */
		int64_t credit;        /* thousandths of pages that may be copied now */
		int64_t earned_at, next_at;
		struct unread unread, lap; /* as far as the walk came; in the last whole one */
	} heal;
	struct core_counts counts;
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
/* Link ON leads to the pool of IDENTITY. False: it is not to be claimed, for it is another
 * link's, or a lender's of whom another link has a pool. */
bool core_link_meets(struct core *, unsigned on, const char *identity);
/* Link ON is claimed, and has room for PAGES. */
void core_link_up(struct core *, unsigned on, const char *identity, uint64_t pages,
                  int64_t now);
void core_link_down(struct core *, unsigned on, int64_t now);
/* The lender wants back all from PAGE of its pool on; 0 drains it, UINT64_MAX
 * is that it no longer does. */
void core_link_wants(struct core *, unsigned on, uint64_t page);
/* One lender more, which is down: its number, one that was retired, and the commands since
 * carried out, or behind all others. -1: there are as many as may be. */
int core_link_add(struct core *);
/* Forget the drained lender ON. False: it is not empty yet; what it kept is flushed before,
 * unless it is away. */
bool core_link_retire(struct core *, unsigned on, int64_t now);
/* Memory for records; NULL: there is none to be had. */
void core_give(struct core *, void *chunk, int64_t now);
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
/* Link ON greets, but failed so often that its copies are made elsewhere. */
bool core_left_out(const struct core *, unsigned on, int64_t now);

#endif
