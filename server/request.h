/* SPDX-License-Identifier: BSD-2-Clause */
/* The transmission phase of one connection: requests in, replies owed out.
 * Validates a request fully, then carries it out. Knows no socket; one thread. */
#ifndef FARPAGE_REQUEST_H
#define FARPAGE_REQUEST_H

#include "reply.h"

#define REQUEST_MAX_BYTES (32u << 20) /* what we advertise as the largest */
/* Bytes that request_feed() may leave unconsumed: less than a page of payload,
 * because a page is put whole or not at all. */
#define REQUEST_KEEP_BYTES PAGE_SIZE
/* Pages erased between two looks at the other connections: 8 MiB. */
#define REQUEST_TURN_PAGES 2048

struct request {
	uint16_t flags;
	uint16_t type;
	uint64_t cookie;
	uint64_t offset;
	uint32_t length;
};

enum session_state {
	SESSION_REQUEST, /* a request's header comes next */
	SESSION_PAYLOAD, /* a WRITE's bytes come next */
	SESSION_ERASE,   /* a TRIM or WRITE_ZEROES goes on, see session_erase() */
	SESSION_ENDING,  /* DISC: no more requests, replies are still owed */
	SESSION_BROKEN,  /* hang up */
};

struct session {
	enum session_state state;
	struct member *member;
	uint64_t size;        /* bytes of the export, as the client knows it */
	struct request request;
	uint64_t at;          /* PAYLOAD, ERASE: the next byte's offset */
	uint64_t left;        /* PAYLOAD, ERASE: bytes still to come */
	uint32_t error;       /* the reply's, so far */
	bool refused;         /* PAYLOAD: read it, put nothing */
	struct replies replies;
	const char *why;      /* BROKEN: words for the log */
};

/* A header from the wire. -1: it does not begin with the magic number. */
int request_parse(struct request *, const uint8_t in[static NBD_REQUEST_BYTES]);
/* May it be carried out on SIZE bytes? 0 or an NBD error. */
uint32_t request_check(const struct request *, uint64_t size, bool read_only);

void session_start(struct session *, struct member *, uint64_t size);
/* Carry out what LEN bytes hold; the rest comes again with more behind it.
 * Returns the number consumed. The member has entered its pool. Stops early in
 * the states ERASE, ENDING and BROKEN. */
size_t session_feed(struct session *, const uint8_t *in, size_t len);
/* State ERASE: go on with it for at most *TURN pages, which it counts down, by
 * one at least; the member has not entered. -1: fenced. */
int session_erase(struct session *, uint64_t *turn);
void session_free(struct session *);

#endif
