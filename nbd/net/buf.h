/* SPDX-License-Identifier: BSD-2-Clause */
/* A growing byte buffer, for the handshake: never on the path of a page. */
#ifndef FARPAGE_BUF_H
#define FARPAGE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *data;
	size_t len, size;
	bool failed; /* no memory: what followed was dropped */
};

/* Room for N more bytes, counted as written; NULL (and failed) if there is none. */
uint8_t *buf_add(struct buf *, size_t n);
void buf_put(struct buf *, const void *data, size_t n);
/* Drop the first N bytes. */
void buf_take(struct buf *, size_t n);
void buf_free(struct buf *);

#endif
