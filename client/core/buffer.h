/* SPDX-License-Identifier: BSD-2-Clause */
/* Buffers for sealed pages, all made at the start: locked, touched, not dumped.
 * A buffer is held as often as it is used, by a caller and by each ask that is
 * under way with it; it is free when nobody does. Under the engine's lock. */
#ifndef FARPAGE_BUFFER_H
#define FARPAGE_BUFFER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "seal.h"

#define BUFFER_BYTES ((size_t)RUN_PAGES * PAGE_BYTES)

struct buffer {
	uint8_t *data;         /* BUFFER_BYTES */
	struct sealer *sealer;
	unsigned holds;
	TAILQ_ENTRY(buffer) link;
};

struct buffers {
	struct buffer *all;
	unsigned n, free_n;
	void *memory;
	size_t bytes;
	TAILQ_HEAD(, buffer) free;
};

/* N of them. -1 with errno. */
int buffers_open(struct buffers *, unsigned n, struct seal *);
void buffers_close(struct buffers *);
/* Held once; NULL if there are none. */
struct buffer *buffers_take(struct buffers *);
void buffer_hold(struct buffer *);
void buffers_drop(struct buffers *, struct buffer *);

#endif
