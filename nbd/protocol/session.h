/* SPDX-License-Identifier: BSD-2-Clause */
/* The transmission phase of one connection: requests in, replies owed out.
 * Validates a request fully, then carries it out. Knows no socket; one thread. */
#ifndef FARPAGE_SESSION_H
#define FARPAGE_SESSION_H

#include "late.h"
#include "page.h"
#include "reply.h"
#include "request.h"

/* Bytes that session_feed() may leave unconsumed, unless it is full: less than a page of payload,
 * because a page is put whole or not at all. */
#define REQUEST_KEEP_BYTES PAGE_BYTES
/* A client that keeps asking without taking replies is not read from while so many replies wait
 * for it, or so many bytes outside of pages, or as much as it has room for. */
#define SESSION_OWED_MAX   4096
#define SESSION_BYTES_MAX  (256u << 10)
/* Pages erased between two looks at the other connections: 1 MiB, some 0.2 ms. */
#define REQUEST_TURN_PAGES 256
/* What a READ in chunks costs of a turn, because it looks for holes; and a BLOCK_STATUS, some
 * 2 us. */
#define REQUEST_READ_PAGES   1
#define REQUEST_STATUS_PAGES 2
/* Passing so many absent pages costs as much as erasing one. */
#define REQUEST_LOOKED_PAGES 4096

enum session_state {
	SESSION_REQUEST, /* a request's header comes next */
	SESSION_PAYLOAD, /* a WRITE's bytes come next */
	SESSION_ERASE,   /* a TRIM or WRITE_ZEROES goes on, or the pages under a WRITE
	                  * of zeros are given back, see session_erase() */
	SESSION_CUT,     /* a request that is answered later is being given to the backend */
	SESSION_ENDING,  /* DISC: no more requests, replies are still owed */
	SESSION_BROKEN,  /* hang up */
};

struct session {
	enum session_state state;
	struct client *client;
	struct terms terms;
	struct request request;
	uint64_t at;          /* PAYLOAD, ERASE: the next byte's offset */
	uint64_t left;        /* PAYLOAD, ERASE: bytes still to come */
	uint64_t worked_pages; /* ERASE: what it has cost so far */
	uint32_t error;       /* of the reply, so far */
	bool refused;         /* PAYLOAD: read it, put nothing */
	bool ending;          /* the lender ends: new requests get ESHUTDOWN */
	size_t room;          /* bytes that its replies may take; the last one is owed whole */
	uint64_t turn;        /* what is left of its turn, in erased pages; 0: others first */
	uint64_t wait_ns;     /* how long the backend makes the next request wait */
	struct replies replies;
	struct late_requests *late;    /* if the backend answers later */
	const char *why;      /* BROKEN: words for the log */
};

void session_start(struct session *, struct client *, const struct terms *);
/* Carry out the requests in LEN bytes, and return how many bytes were consumed; the caller passes
 * the rest again with more behind it. The client has entered. Stops early in the states ERASE,
 * ENDING and BROKEN, when it is full, or waits for the backend, when its turn is over, and when it must wait. */
size_t session_feed(struct session *, const uint8_t *in, size_t len);
/* State ERASE: go on for at most *TURN pages, which it counts down, by at least one; the client
 * has not entered. If it must wait (wait_ns), it has done nothing. -1: hang up. */
int session_erase(struct session *, uint64_t *turn);
/* It owes so much that it takes no request until some of that is sent; and so little that it
 * takes them again. */
bool session_full(const struct session *);
bool session_light(const struct session *);
/* The client was stirred. false: hang up, see WHY. */
bool session_stirred(struct session *);
/* It goes on only when it is stirred. */
static inline bool session_waits(const struct session *s)
{
	return s->late && late_waits(s->late);
}
/* It is in the midst of a request that holds, or waits for, what others wait for. */
static inline bool session_is_within(const struct session *s)
{
	return s->late && (s->state == SESSION_CUT || s->state == SESSION_PAYLOAD);
}
/* The backend has something of it. */
static inline bool session_is_awaiting(const struct session *s)
{
	return s->late && s->late->jobs;
}
/* Before the client leaves. */
void session_free(struct session *);

#endif
