/* SPDX-License-Identifier: BSD-2-Clause */
/* One connection of the load generator: requests queue up while replies are
 * parsed, then leave in one send. What to ask next, and what to do with an
 * answer, is the load's business (load.c, the two calls at the end). */
#ifndef FARPAGE_BENCH_CONN_H
#define FARPAGE_BENCH_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "nbdwire.h"

struct slot {
	uint64_t block, start_ns;
	uint32_t generation; /* verify: what this write makes of the block */
	bool read, busy;
	uint8_t *data; /* the block to send; verify: also what was read */
};

struct load;

struct conn {
	int fd;
	unsigned depth;
	uint32_t block_bytes;
	bool keep_data; /* copy what is read into the slot */
	struct slot *slot; /* `depth` of them; a request's cookie is its slot */
	struct nbd_request *wire; /* each slot's request, big-endian */
	struct iovec *iov; /* not yet sent: at most two for every slot */
	unsigned iovs;
	/* The reply that is coming in. */
	uint8_t header[sizeof(struct nbd_reply)];
	size_t header_bytes;
	struct slot *reading;
	size_t payload_left;
};

/* `data` is the slots' blocks, `data_step` apart (0: they share one), and stays
 * the caller's. 0, or -1 with errno; conn_close() accepts what is half made. */
int conn_open(struct conn *conn, unsigned depth, uint32_t block_bytes, uint8_t *data, size_t data_step);
void conn_close(struct conn *conn);

/* Queues the slot's next request; it leaves with the next conn_send(). */
void conn_ask(struct conn *conn, struct slot *slot);

/* Sends what is queued, as far as the socket takes it. 0, or -1 with errno. */
int conn_send(struct conn *conn);

/* Replies as they came from the socket, cut anywhere. 0, or -1 with errno:
 * EPROTO for something that is no reply. */
int conn_parse(struct load *load, struct conn *conn, const uint8_t *data, size_t bytes);

/* A slot's answer is complete; `error` is the NBD error. 0, or -1 with errno. */
int load_answer(struct load *load, struct conn *conn, struct slot *slot, uint32_t error);

#endif
