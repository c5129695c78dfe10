/* SPDX-License-Identifier: BSD-2-Clause */
/* What READ and BLOCK_STATUS are answered in chunks, where that was agreed. For
 * session.c, which has checked the request; its client has entered. */
#ifndef FARPAGE_CHUNK_H
#define FARPAGE_CHUNK_H

#include "reply.h"
#include "request.h"

/* A hole within a READ's data is told as one if it is this long, and if so few
 * runs of pages come before it: what it costs to look, and to tell, is bounded. */
#define CHUNK_HOLE_MIN    (64u << 10)
#define CHUNK_RUNS_MAX    64
/* One answer to BLOCK_STATUS looks so far, and tells so much. */
#define CHUNK_STATUS_MAX  (256u << 20)
#define CHUNK_EXTENTS_MAX 64

/* Each owes the request an answer. -1: no memory. */
int chunk_error(struct replies *, uint64_t cookie, uint32_t error);
/* What is a hole now is told as one. What was not looked at is told as data. */
int chunk_read(struct replies *, struct client *, const struct request *);
/* Each of these CONTEXTS has an answer. */
int chunk_status(struct replies *, struct client *, const struct request *, unsigned contexts);

#endif
