/* SPDX-License-Identifier: BSD-2-Clause */
/* The borrower's core: decides what happens to every page. A deterministic
 * state machine without threads, sockets, clock or allocation: events go in,
 * commands come out, and the caller (drive.c, or a test) carries them out.
 *
 * The rules it keeps:
 * - after a put that succeeded, get returns that page until it is flushed or
 *   put again; a put that failed leaves the page lost, and a lost page answers
 *   EIO, never zeros and never an older put;
 * - at most one operation at a time has a page;
 * - a link that failed or timed out is closed before any operation on it ends
 *   or is sent again, and it is used again only after a new claim, which
 *   fences whatever was still on its way;
 * - when the pool's memory was lost, or was another's meanwhile, every page
 *   put before is lost.
 *
 * Times are milliseconds of one monotonic clock. */
#ifndef FARPAGE_CORE_H
#define FARPAGE_CORE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "map.h"

#define CORE_IDENTITY_MAX 96
#define CORE_RETRY_MIN_MS 20
#define CORE_RETRY_MAX_MS 100
#define CORE_PATIENCE_MS 250 /* with a link that is gone: some tries long */
#define CORE_NEVER INT64_MAX

enum op_kind { OP_PUT, OP_GET, OP_FLUSH };

enum op_state {
	OP_NEW,
	OP_QUEUED,  /* waits for pages that another operation has */
	OP_READY,   /* has its pages, waits for the link */
	OP_SENT,    /* the lender has been asked */
	OP_ENDED,   /* decided; the caller has not been told yet */
	OP_DONE,    /* the caller was told; the core has forgotten it */
};

/* One operation on a run of pages. The caller owns it, and DATA, until DONE. */
struct op {
	enum op_kind kind;
	uint64_t page, pages;
	uint8_t *data;       /* pages * 4096 bytes; of a put never written */
	/* All below is the core's, but for the two last; ERROR counts once DONE. */
	enum op_state state;
	int error;           /* 0 or an errno */
	int64_t deadline;    /* EIO then at the latest */
	int64_t sent_at;
	TAILQ_ENTRY(op) link;
	void *via;           /* the link's: where it was sent */
	void *waiter;        /* the drive's: who waits for it */
};

TAILQ_HEAD(op_list, op);

enum link_state {
	LINK_DOWN,       /* closed; to be opened at retry_at, if anyone waits */
	LINK_CONNECTING, /* opening and claiming */
	LINK_UP,
};

enum command_kind {
	COMMAND_CONNECT, /* open the link and claim the pool */
	COMMAND_CLOSE,   /* close it now: its buffers are ours again */
	COMMAND_SEND,    /* ask the lender */
	COMMAND_DONE,    /* tell the caller */
};

struct command {
	enum command_kind kind;
	struct op *op; /* of SEND and DONE */
};

struct core {
	struct map *map;
	int64_t deadline_ms;     /* of an operation */
	int64_t link_timeout_ms; /* a link that owes a reply this long is dead */

	enum link_state link;
	bool close;              /* COMMAND_CLOSE is not yet taken */
	int64_t retry_at, retry_ms;
	int64_t connect_by;
	int64_t gone_by;         /* it has been down for a whole deadline then */
	char identity[CORE_IDENTITY_MAX]; /* of the pool's memory, "" at first */

	struct op_list queued, ready, sent, ended;
	uint64_t lost_times;     /* how often all pages were lost */
};

void core_init(struct core *, struct map *, int64_t deadline_ms,
               int64_t link_timeout_ms);

/* Events. */
void core_start(struct core *, struct op *, int64_t now);
void core_reply(struct core *, struct op *, int error, int64_t now);
/* The pool is claimed. IDENTITY tells this memory, owned without a break, from
 * any other. */
void core_link_up(struct core *, const char *identity);
void core_link_down(struct core *, int64_t now);
void core_tick(struct core *, int64_t now);

/* The next thing to be done, false when there is none. A command is carried
 * out before the next one is asked for. */
bool core_next(struct core *, struct command *, int64_t now);
/* When core_tick() has something to do at the latest. */
int64_t core_wake_at(const struct core *);

#endif
