/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations, which callers want done to pages, and asks, which are what links
 * are asked for on their behalf. */
#ifndef FARPAGE_OP_H
#define FARPAGE_OP_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/queue.h>

#include "buffer.h"
#include "identity.h"
#include "record.h"

enum op_kind {
	OP_PUT,   /* pages that its waiter seals into BUFFER, under the records in RECORD */
	OP_FILL,  /* one pattern, PATTERN, in all of them; 0 is a flush */
	OP_GET,
	OP_HEAL,  /* the core's own: to where copies are missing, from where there are some */
};

enum op_state {
	OP_NEW,
	OP_QUEUED, /* waits for pages that another operation has, or for records */
	OP_ACTIVE, /* has its pages: asks are under way, or it waits for a link */
	OP_CAME,   /* its waiter's turn: a buffer to seal into is there, or sealed pages came */
	OP_CHECK,  /* who waits for it seals, or opens */
	OP_ENDED,  /* decided; the caller has not been told yet */
	OP_DONE,   /* the caller was told; the core has forgotten it */
};

/* One operation on a run of pages of one extent. The caller owns it until DONE. */
struct op {
	enum op_kind kind;
	uint64_t page;
	uint32_t pages;      /* RUN_PAGES at most; a FILL up to EXTENT_PAGES */
	uint64_t pattern;
	int64_t until;       /* its caller's request is over then; the core moves it when time stood still */
	/* The core's. PUT: from CHECK on. GET, while CHECK: what came. */
	struct buffer *buffer;
	/* PUT: what to remember, from CHECK on. GET: what the pages were when the operation got them;
	 * ABSENT, SAME and SEALED ones count once DONE without an error. */
	struct record record[RUN_PAGES];
	/* GET and HEAL, while CHECK: which pages of BUFFER are to be opened, a bit each. */
	uint32_t came;

	/* The rest is the core's, but for ERROR once DONE, and WAITER. */
	enum op_state state;
	int error;             /* 0 or an errno */
	int64_t deadline;
	int64_t started;
	int64_t given;         /* CAME and CHECK: since when */
	uint32_t need;         /* pages of a get that are not yet opened */
	uint8_t asking;        /* copies that are asked */
	uint8_t acked;         /* copies that have the pages of a put */
	uint8_t tried;         /* copies that refused, or had it wrong */
	uint8_t cut;           /* copies whose links ended while they were asked to put */
	uint8_t came_from;     /* the copy that CAME is of */
	uint8_t rounds;        /* GET: how often all copies were tried */
	bool written;          /* HEAL: its copies were asked to put */
	uint32_t seals_for;    /* links that its pages are being sealed for, a bit each */
	int refused;           /* what a lender said last */
	int64_t hedge_at;      /* another copy is asked too then */
	TAILQ_ENTRY(op) link;
	TAILQ_ENTRY(op) run_link;
	bool runs;             /* it stands there */
	/* The engine's. */
	void *waiter;          /* who waits for it */
	struct op *next;       /* of the same waiter, to be run */
	struct op *check_next; /* of the same waiter, to be opened */
	uint32_t bad;          /* pages that were not what had been sealed */
};

TAILQ_HEAD(op_list, op);

/* What is remembered of each page of a FILL. */
static inline struct record op_fill_record(const struct op *op)
{
	struct record r = { .state = op->pattern ? PAGE_SAME : PAGE_ABSENT };

	memcpy(r.tag, &op->pattern, sizeof op->pattern);
	return r;
}

/* The most asks that there are at once, on all links. */
#define CORE_ASKS 192u

enum ask_kind { ASK_PUT, ASK_GET, ASK_DISCARD };

/* What one link is asked for. */
struct ask {
	enum ask_kind kind;
	unsigned link_no;      /* which link */
	uint64_t page;         /* in that link's pool */
	uint32_t pages;
	uint8_t *data;         /* of PUT and GET; in BUFFER */
	struct buffer *buffer; /* held */
	/* The core's. */
	struct op *op;         /* NULL: the operation no longer waits for it */
	uint8_t copy;          /* the extent's, that it is about */
	uint32_t mask;         /* pages of OP that it is about */
	bool sent;             /* or waiting to be */
	int64_t sent_at;       /* or since when it waits for that */
	TAILQ_ENTRY(ask) link;
	/* The engine's. */
	uint64_t sent_us;
	/* The link's. */
	void *via;
};

TAILQ_HEAD(ask_list, ask);

#endif
