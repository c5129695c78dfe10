/* SPDX-License-Identifier: BSD-2-Clause */
/* Replies that a connection still owes, in order. They are kept as what they
 * say, not as bytes: each gathering points straight into the store, and
 * whatever was not sent is gathered anew, so no pointer into the store
 * outlives member_enter() .. member_exit(). */
#ifndef FARPAGE_REPLY_H
#define FARPAGE_REPLY_H

#include <sys/uio.h>

#include "nbd.h"
#include "member.h"

#define GATHER_VECTORS 512
#define GATHER_BYTES   (1u << 20)

struct reply {
	uint64_t cookie;
	uint64_t offset;  /* of a READ's data, if length is not 0 */
	uint32_t length;
	uint32_t error;
};

struct replies {
	struct reply *ring;
	uint32_t size;    /* a power of two, or 0 */
	uint32_t head, tail; /* counts; head is the oldest */
	uint64_t sent;    /* bytes of the oldest that are gone already */
};

/* What one sendmsg() takes. Belongs to a loop, shared by its connections. */
struct gather {
	struct iovec vector[GATHER_VECTORS];
	unsigned vectors;
	size_t bytes;
	uint8_t headers[GATHER_VECTORS][NBD_SIMPLE_BYTES];
};

static inline uint32_t replies_owed(const struct replies *r)
{
	return r->tail - r->head;
}

/* -1: no memory for a longer ring. It only grows, so in steady state nothing
 * is allocated. */
int replies_push(struct replies *, uint64_t cookie, uint32_t error,
                 uint64_t offset, uint32_t length);
/* As much as one sendmsg takes of what M's connection owes; M has entered. */
void replies_gather(const struct replies *, struct member *m, struct gather *);
/* BYTES of what was gathered last are sent. */
void replies_sent(struct replies *, size_t bytes);
void replies_free(struct replies *);

#endif
