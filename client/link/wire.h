/* SPDX-License-Identifier: BSD-2-Clause */
/* NBD's transmission phase on a connected socket without TLS: simple replies, any
 * number of requests under way. What libnbd does for one request a call, and with an
 * allocation each, is done here for all that are there: requests that wait leave
 * as one gathered write from where they lie, replies come with large reads. */
#ifndef FARPAGE_WIRE_H
#define FARPAGE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "op.h"

#define WIRE_RECEIVE_BYTES (128u << 10)
#define WIRE_REQUEST_BYTES 28u
#define WIRE_REPLY_BYTES   16u

/* One request: on its way out, or waiting for its reply. */
struct wire_slot {
	struct ask *ask;     /* NULL: free */
	uint32_t serial;     /* so that no reply is taken for a later request's */
	bool sent;           /* all of it */
	uint8_t header[WIRE_REQUEST_BYTES];
	uint16_t next;       /* free, or on its way out */
};

struct wire {
	int fd;              /* -1: closed */
	uint16_t free, out_first, out_last;
	size_t out_done;     /* bytes of the first that are sent */
	struct wire_slot slot[CORE_ASKS];

	uint16_t in_slot;    /* whose payload is coming, CORE_ASKS none */
	size_t in_done;      /* bytes of that payload that came */
	size_t have, taken;  /* bytes in RECEIVED, and of those used */
	uint8_t *received;   /* WIRE_RECEIVE_BYTES */
};

/* -1 with errno. */
int wire_make(struct wire *);
void wire_free(struct wire *);
/* Begin on the connected, non-blocking socket FD, which stays the caller's. */
void wire_open(struct wire *, int fd);
/* From here on the buffers of all asks are the caller's again. */
void wire_close(struct wire *);

/* Puts it behind what waits to be sent. */
void wire_queue(struct wire *, struct ask *);
/* Does something wait to be sent? */
bool wire_waits_to_send(const struct wire *);
/* Send as much as the socket takes. 0, or -1: the connection ended. */
int wire_flush(struct wire *);
/* Take what has come. REPLIED is called for each ask, and may close the wire. 0; -1 with
 * WORDS: the connection ended, or what came is not NBD. */
int wire_receive(struct wire *, void (*replied)(void *user, struct ask *, int error),
                 void *user, const char **words);

#endif
