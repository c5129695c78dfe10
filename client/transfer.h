/* SPDX-License-Identifier: BSD-2-Clause */
/* An open device, and requests to it: runs of pages, cut into operations of which some are under
 * way at once. Whoever made the request seals its pages and opens them, without the engine's lock. */
#ifndef FARPAGE_TRANSFER_H
#define FARPAGE_TRANSFER_H

#include "engine.h"
#include "farpage.h"
#include "watch.h"

#define AT_ONCE 4u /* operations of one request under way */

struct transfer {
	struct farpage *farpage;
	enum op_kind kind;
	const struct farpage_run *run; /* what is left of it, and of those behind it */
	unsigned runs;
	uint64_t cut;                  /* pages of the first that operations were made of */
	int64_t until;                 /* all operations end by then */
	int error;                     /* the first, 0 none */
	unsigned under_way;
	struct call {
		struct op op;              /* must be first */
		struct transfer *transfer;
		uint8_t *data;             /* where the pages of a get go, and those of a put are */
	} call[AT_ONCE];
	/* Of a submitted one. */
	farpage_done *done;
	void *user;
	SLIST_ENTRY(transfer) link;    /* if it is not in use */
};

struct farpage {
	struct engine engine;      /* must be first: transfer_check() gets it */
	struct watch watch;
	struct seal *seal;
	char instance[FARPAGE_INSTANCE_MAX];
	char claim[FARPAGE_INSTANCE_MAX]; /* the instance that lenders know: a secret */
	uint64_t pages;
	struct transfer *transfer; /* those that may be submitted at once */
	unsigned transfers;
	SLIST_HEAD(, transfer) idle;
};

/* Does the device have the pages of N runs at R? */
bool transfer_fits(const struct farpage *, const struct farpage_run *r, unsigned n);
/* T is for N runs, which stay where they are. */
void transfer_begin(struct transfer *t, struct farpage *, enum op_kind, const struct farpage_run *, unsigned n,
                   int64_t until);
/* Its next operations, linked by op->next, once those before are done; NULL: it is over. */
struct op *transfer_next(struct transfer *t);
/* OP, one of T's, is done. */
void transfer_took(struct transfer *t, struct op *op);

/* N requests may be submitted at once; before the engine begins. -1 with errno. */
int transfers_open(struct farpage *, unsigned n);
/* Go on until none is under way. */
void transfers_end(struct farpage *);

/* The engine's check: seals pages of a put, and opens those of a get into the caller's buffer. */
uint32_t transfer_check(struct engine *, struct op *);

#endif
