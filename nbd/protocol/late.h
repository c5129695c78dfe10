/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests of one client that its backend answers later. A request is cut into parts, and each is given to the
 * backend as soon as there is room for its data; one request at a time is being cut, so the others wait for their
 * turn on the socket. Replies are owed as the answers come.
 *
 * READ in chunks: each part is a chunk when it comes. A simple READ, and one that must not be cut (DF), has one header
 * for all, and nothing can be said of an error behind it. Therefore it takes room for all its parts at once, and is
 * answered when all have come. With more parts than client.parts_at_once there is not room enough: a DF is told so,
 * and a simple READ begins when its first part has come; if a later one fails, we must hang up. No other reply may
 * come between its parts, so it is alone: it waits for the requests before it, and those behind it wait for it.
 *
 * Nothing is allocated for a request. */
#ifndef FARPAGE_LATE_H
#define FARPAGE_LATE_H

#include "reply.h"
#include "request.h"

/* Requests of one client that may be under way. */
#define LATE_JOBS 64 /* as many bits has late_requests.jobs */

/* A request that is under way. */
struct job {
	uint64_t cookie;
	uint32_t total;      /* bytes */
	uint32_t error;      /* of a part, the first */
	unsigned out;        /* parts that the backend has */
	bool cut;            /* there are no more parts */
	bool writes, chunks; /* it is no READ; its READ is answered in chunks, as they come */
	bool whole;          /* else: when all have come */
	bool df;             /* in a chunk that is not cut */
	bool begun;          /* some of it is owed */
	struct part *first, **end; /* of READ, if not in chunks: parts whose turn has not come, in order */
};

struct late_requests {
	struct client *client;
	struct replies *replies;
	struct job job[LATE_JOBS];
	uint64_t jobs;         /* those that are under way, a bit each */
	LIST_HEAD(, part) out; /* that the backend has */
	/* The request that is being cut. */
	struct job *current;   /* or NULL */
	struct job *alone;     /* or NULL: no other is under way, or begins */
	enum part_verb verb;
	uint64_t at;
	uint64_t left;         /* bytes of it */
	struct part *filling;  /* WRITE: what its payload goes to */
	uint32_t filled;
	bool starved;          /* there is no room */
	const char *why;       /* hang up */
};

/* NULL: no memory. */
struct late_requests *late_new(struct client *, struct replies *);
/* What the backend has is dropped when it is answered. */
void late_free(struct late_requests *);

/* Can it take no request, or go on with none, until the client is stirred? */
static inline bool late_waits(const struct late_requests *l)
{
	return l->starved || (!l->current && (l->alone || l->jobs == UINT64_MAX));
}
/* The client was stirred. */
static inline void late_stirred(struct late_requests *l)
{
	l->starved = false;
}

/* Begin a READ, WRITE, TRIM or WRITE_ZEROES that may be carried out, while it does not wait. 0, or an NBD error. */
uint32_t late_begin(struct late_requests *, const struct request *, bool structured);
/* Go on with what is no WRITE. Is it cut? */
bool late_cut(struct late_requests *);
/* Take of a WRITE's payload. Returns how many bytes; 0: it waits. */
size_t late_fill(struct late_requests *, const uint8_t *in, size_t len);

#endif
