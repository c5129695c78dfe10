/* SPDX-License-Identifier: BSD-2-Clause */
/* All that the core remembers; everything else in here is what it does with it. */
#ifndef FARPAGE_STATE_H
#define FARPAGE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "layout.h"
#include "op.h"

#define CORE_RETRY_MIN_MS 20
#define CORE_RETRY_MAX_MS 100
#define CORE_PATIENCE_MS  250  /* with a link that is gone: some tries long */
#define CORE_FULL_MS      1000 /* a link that refused for want of room is not asked for more */
#define CORE_MOVE_MS      2000 /* a lender that is away, or refuses, so long: its copies are made elsewhere */
#define CORE_STALL_MS     250
#define CORE_NEVER        INT64_MAX

enum peer_state {
	PEER_DOWN,       /* closed; opened again at retry_at */
	PEER_CONNECTING, /* opening and claiming */
	PEER_UP,
	PEER_STUCK,      /* the spill, when its disk hangs: up again when all was answered */
	PEER_GONE,       /* its pool is another's: never again */
	PEER_RETIRED,    /* it was drained, and is no lender now */
};

struct core_options {
	unsigned links;           /* lenders, and the spill, which is the last of them */
	bool spill;
	unsigned copies;
	int64_t deadline_ms;      /* of a caller's request, and so long a link is waited for */
	int64_t link_timeout_ms;  /* a link that owes a reply this long is dead */
	bool same_lender;         /* two copies may be in pools of one lender */
	bool patient;             /* a lender that fails again and again is asked all the same */
	int64_t stall_ms;         /* who was so much late stood still, and nobody else; 0: never */
	uint32_t heal_pages;      /* a second at most */
	uint64_t seed;
	/* Told of each step from state to state, before it; NULL: nobody wants to know. */
	void (*op_steps)(const struct op *, enum op_state to);
	void (*peer_steps)(unsigned link_no, enum peer_state from, enum peer_state to);
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
	unsigned discards;        /* among them */
	unsigned buffers;        /* of asks, and of puts that are being sealed for it */
	struct ask *wipe;        /* flushing a dirty slot */
	int64_t wipe_at;         /* not before */
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
	 * An operation that has one of these never waits for one that stands before it. */
	struct map *map;
	struct buffers *buffers;
	struct ask asks[CORE_ASKS];
	struct ask_list free_asks;

	int64_t seen;              /* when something happened last */
	struct op_list queued, active, came, check, ended;
	/* What dispatch() has to do: */
	struct op_list run;        /* active operations that go on, in this order */
	bool admit;                /* pages or records came free: look at those that are queued */
	bool kick;                 /* a link came or went: all that wait go on */
	bool starved;              /* an operation waits for an ask or a buffer, */
	bool freed;                /* and one came free */

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

#endif
