/* SPDX-License-Identifier: BSD-2-Clause */
/* Replies that a connection still owes, in order: simple ones, and chunks of
 * structured ones. They are kept as what they say, not as bytes: each gathering
 * points straight into the store, and whatever was not sent is gathered anew, so
 * no pointer into the store outlives enter() .. exit(). Once a byte
 * of one is sent, how long it is does not change, whatever happens to the pages
 * meanwhile; until then it becomes an error if one of its pages is dropped. Where
 * a page's bytes are not at hand, what is gathered ends; that is begun anew when they are. */
#ifndef FARPAGE_REPLY_H
#define FARPAGE_REPLY_H

#include <sys/uio.h>

#include "backend.h"
#include "buf.h"
#include "nbd.h"

#define GATHER_VECTORS 512
#define GATHER_BYTES   (1u << 20)

#define REPLY_HEADER_MAX 32

enum reply_kind {
	REPLY_SIMPLE, /* to a READ, LENGTH bytes at OFFSET follow */
	REPLY_DATA,   /* a chunk: LENGTH bytes at OFFSET */
	REPLY_HOLE,   /* a chunk: LENGTH zeros at OFFSET, in words */
	REPLY_ERROR,  /* a chunk: the error CODE */
	REPLY_BYTES,  /* a chunk of type CODE: the next LENGTH of replies.bytes */
	/* The data of a part, whose room is given back when it is sent. */
	REPLY_PART,        /* a chunk: PART's */
	REPLY_PART_SIMPLE, /* to a READ: PART's data, and maybe more follows */
	REPLY_PART_MORE,   /* without a header: it follows another's */
};

struct reply {
	uint64_t cookie;
	union {
		uint64_t offset;
		struct part *part;
	};
	uint32_t length;
	uint16_t code; /* SIMPLE, ERROR: an NBD error; BYTES: the chunk's type */
	uint8_t kind;
	bool done;     /* the last chunk of its reply */
};

struct replies {
	struct reply *ring;
	uint32_t size;    /* a power of two, or 0 */
	uint32_t head, tail; /* counts; head is the oldest */
	uint64_t sent;    /* bytes of the oldest that are already sent */
	struct buf bytes; /* the payloads of REPLY_BYTES */
	size_t bytes_taken; /* of them, by replies that are gone */
};

/* What one sendmsg() takes. One for each loop, shared by its connections. */
struct gather {
	struct iovec vector[GATHER_VECTORS];
	unsigned vectors;
	size_t bytes;
	bool later;        /* what is at LATER_AT is not at hand: there it ends */
	uint64_t later_at;
	uint8_t headers[GATHER_VECTORS * REPLY_HEADER_MAX]; /* without gaps: one vector */
};

static inline uint32_t replies_owed(const struct replies *r)
{
	return r->tail - r->head;
}

/* Append a reply. -1: no memory for a longer ring. The ring only grows, until
 * replies_free(), so in steady state nothing is allocated. */
int replies_push(struct replies *, struct reply);
/* The same for a REPLY_BYTES with its payload. */
int replies_push_bytes(struct replies *, struct reply, const uint8_t *bytes);
/* As much as one sendmsg takes of what CLIENT is owed; it has entered. -1: the
 * rest of a reply that is half sent was dropped, so hang up. */
int replies_gather(struct replies *, struct client *, struct gather *);
/* BYTES of what was last gathered are sent. */
void replies_sent(struct replies *, size_t bytes);
void replies_free(struct replies *);
/* Give the room of PART back. */
void replies_give(struct part *);
/* How much memory they take. */
size_t replies_bytes(const struct replies *);

#endif
