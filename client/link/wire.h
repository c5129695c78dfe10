/* SPDX-License-Identifier: BSD-2-Clause */
/* NBD's transmission phase on a connected socket without TLS: simple replies, any number of
 * requests under way. libnbd handles one request a call, with an allocation each. This
 * handles all that are there: waiting requests leave as one gathered write from where they
 * lie, and replies arrive in large reads. */
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
	uint32_t serial;     /* so that no reply is taken for that of a later request */
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
/* From now on the buffers of all asks belong to the caller again. */
void wire_close(struct wire *);

/* Queue it behind what waits to be sent. */
void wire_queue(struct wire *, struct ask *);
/* Does something wait to be sent? */
bool wire_waits_to_send(const struct wire *);
/* Send as much as the socket takes. 0, or -1: the connection ended. */
int wire_send(struct wire *);
/* Take what has arrived. Calls REPLIED for each ask, which may close the wire. 0; -1 with WORDS: the
 * connection ended, or what arrived is not NBD. */
int wire_receive(struct wire *, void (*replied)(void *user, struct ask *, int error),
                 void *user, const char **words);

#endif
