/* SPDX-License-Identifier: BSD-2-Clause */
/* Room for the parts of requests, which all clients share: so many, each with locked pages. Who wants more than
 * there is waits, and whoever came first is first. Nobody has so much that others get none: a connection of the
 * device's owner has seven eighths of it, or three quarters if there are several; those who only look have half of it
 * in all. */
#ifndef FARPAGE_NBD_ROOM_H
#define FARPAGE_NBD_ROOM_H

#include "backend.h"
#include "face.h"

/* Who takes rooms; a client has one. */
struct lodger {
	struct client *client;
	unsigned held;
	bool looks;           /* it does not own the device */
	bool queued, over;    /* it waits for others, or has as much as it may */
	bool ending;          /* it was hung up on */
	unsigned wants;       /* queued: so many at once */
	TAILQ_ENTRY(lodger) link;
};

TAILQ_HEAD(lodgers, lodger);

struct room {
	struct part part;             /* its first */
	struct face_request request;
	struct rooms *rooms;
	struct lodger *lodger;        /* NULL: its client has gone */
	struct room *next;            /* free */
	/* For nbd_span.c. */
	unsigned step;
	uint64_t first, last;         /* pages */
	bool parted;                  /* it changes a part of a page */
	bool out;                     /* the owner has its request */
	bool queued, waits;           /* among the changes; for an older one */
	TAILQ_ENTRY(room) link;
};

TAILQ_HEAD(room_list, room);

struct rooms {
	struct room *room;
	unsigned n, left;             /* in all, and free */
	struct room *free;
	uint8_t *data;
	size_t bytes;
	unsigned lodgers;             /* that are here */
	unsigned looked;              /* held by those who only look */
	struct lodgers queue, over;
	uint64_t given;               /* how often one was given back */
};

/* As many bytes has a room: its pages, and one for a page that changes in part. */
#define ROOM_BYTES (PART_BYTES + PAGE_BYTES)

static inline uint8_t *room_page(struct room *r)
{
	return r->part.room + PART_BYTES;
}

/* -1 with words; close in any case. */
int rooms_open(struct rooms *, struct face *, unsigned n, char words[static WORDS_MAX]);
void rooms_close(struct rooms *);

/* How many one can have at once. */
unsigned rooms_at_once(const struct rooms *);
void rooms_enter(struct rooms *, struct lodger *, struct client *);
/* What it holds is given back without it. */
void rooms_leave(struct rooms *, struct lodger *);
void rooms_looks(struct rooms *, struct lodger *, bool looks);
/* As backend_ops. */
struct part *rooms_take(struct rooms *, struct lodger *, unsigned n);
void rooms_give(struct rooms *, struct room *);

#endif
