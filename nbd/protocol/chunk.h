/* SPDX-License-Identifier: BSD-2-Clause */
/* The answers to READ and BLOCK_STATUS in chunks, where that was agreed. For
 * session.c, which has checked the request; its client has entered. */
#ifndef FARPAGE_CHUNK_H
#define FARPAGE_CHUNK_H

#include "reply.h"
#include "request.h"

/* A READ reports a hole within its data if the hole is this long, and if at most so many
 * runs of pages come before it, which bounds the cost of looking and of reporting. */
#define CHUNK_HOLE_MIN    (64u << 10)
#define CHUNK_RUNS_MAX    64
/* One answer to BLOCK_STATUS looks so far, and reports so many extents. */
#define CHUNK_STATUS_MAX  (256u << 20)
#define CHUNK_EXTENTS_MAX 64

/* Each queues the answer to the request. -1: no memory. */
int chunk_error(struct replies *, uint64_t cookie, uint32_t error);
/* Report holes as they are now. What was not looked at is reported as data. */
int chunk_read(struct replies *, struct client *, const struct request *);
/* Answer for each of these CONTEXTS. */
int chunk_status(struct replies *, struct client *, const struct request *, unsigned contexts);

#endif
