/* SPDX-License-Identifier: BSD-2-Clause */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conn.h"

#define IOVS_A_SEND 1024u /* the kernel's IOV_MAX */

int conn_open(struct conn *conn, unsigned depth, uint32_t block_bytes, uint8_t *data, size_t data_step)
{
	conn->depth = depth;
	conn->block_bytes = block_bytes;
	conn->keep_data = data_step > 0;
	conn->slot = calloc(depth, sizeof *conn->slot);
	conn->wire = calloc(depth, sizeof *conn->wire);
	conn->iov = calloc(2 * (size_t)depth, sizeof *conn->iov);
	if (conn->slot == NULL || conn->wire == NULL || conn->iov == NULL)
		return -1;
	for (unsigned i = 0; i < depth; i++) {
		conn->slot[i].data = data + i * data_step;
		conn->wire[i].magic = htobe32(NBD_REQUEST_MAGIC);
		conn->wire[i].cookie = i;
		conn->wire[i].length = htobe32(block_bytes);
	}
	return 0;
}

void conn_close(struct conn *conn)
{
	const struct nbd_request bye = {.magic = htobe32(NBD_REQUEST_MAGIC), .type = htobe16(NBD_CMD_DISC)};

	if (conn->fd >= 0) {
		send(conn->fd, &bye, sizeof bye, MSG_DONTWAIT | MSG_NOSIGNAL);
		close(conn->fd);
	}
	free(conn->slot);
	free(conn->wire);
	free(conn->iov);
}

/* The requests of neighbouring slots lie side by side: in order, reads are one iovec. */
static void conn_queue(struct conn *conn, void *data, size_t bytes)
{
	struct iovec *last = conn->iov + conn->iovs;

	if (conn->iovs > 0 && (uint8_t *)last[-1].iov_base + last[-1].iov_len == data) {
		last[-1].iov_len += bytes;
		return;
	}
	last->iov_base = data;
	last->iov_len = bytes;
	conn->iovs++;
}

void conn_ask(struct conn *conn, struct slot *slot)
{
	struct nbd_request *wire = &conn->wire[slot - conn->slot];

	slot->busy = true;
	wire->type = htobe16((uint16_t)(slot->read ? NBD_CMD_READ : NBD_CMD_WRITE));
	wire->offset = htobe64(slot->block * conn->block_bytes);
	conn_queue(conn, wire, sizeof *wire);
	if (!slot->read)
		conn_queue(conn, slot->data, conn->block_bytes);
}

/* Takes `sent` bytes off the front of the queue. */
static void conn_sent(struct conn *conn, size_t sent)
{
	struct iovec *iov = conn->iov, *end = conn->iov + conn->iovs;

	while (iov < end && sent >= iov->iov_len)
		sent -= iov++->iov_len;
	if (iov < end) {
		iov->iov_base = (uint8_t *)iov->iov_base + sent;
		iov->iov_len -= sent;
		memmove(conn->iov, iov, (size_t)(end - iov) * sizeof *iov);
	}
	conn->iovs = (unsigned)(end - iov);
}

int conn_send(struct conn *conn)
{
	while (conn->iovs > 0) {
		struct msghdr message = {
			.msg_iov = conn->iov,
			.msg_iovlen = conn->iovs < IOVS_A_SEND ? conn->iovs : IOVS_A_SEND,
		};
		ssize_t n = sendmsg(conn->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n == -1)
			return errno == EAGAIN || errno == EINTR ? 0 : -1;
		conn_sent(conn, (size_t)n);
	}
	return 0;
}

/* A whole header: 0, or -1 with errno. */
static int conn_reply(struct load *load, struct conn *conn, const struct nbd_reply *reply)
{
	struct slot *slot = reply->cookie < conn->depth ? &conn->slot[reply->cookie] : NULL;
	uint32_t error = be32toh(reply->error);

	if (be32toh(reply->magic) != NBD_REPLY_MAGIC || slot == NULL || !slot->busy) {
		errno = EPROTO;
		return -1;
	}
	if (slot->read && error == 0) {
		conn->reading = slot;
		conn->payload_left = conn->block_bytes;
		return 0;
	}
	return load_answer(load, conn, slot, error);
}

/* Returns the bytes used up, or -1. */
static ssize_t conn_payload(struct load *load, struct conn *conn, const uint8_t *data, size_t bytes)
{
	struct slot *slot = conn->reading;
	size_t n = bytes < conn->payload_left ? bytes : conn->payload_left;

	if (conn->keep_data)
		memcpy(slot->data + conn->block_bytes - conn->payload_left, data, n);
	conn->payload_left -= n;
	if (conn->payload_left == 0) {
		conn->reading = NULL;
		if (load_answer(load, conn, slot, 0) == -1)
			return -1;
	}
	return (ssize_t)n;
}

int conn_parse(struct load *load, struct conn *conn, const uint8_t *data, size_t bytes)
{
	while (bytes > 0) {
		struct nbd_reply reply;
		size_t n = sizeof reply - conn->header_bytes;

		if (conn->reading != NULL) {
			ssize_t used = conn_payload(load, conn, data, bytes);

			if (used == -1)
				return -1;
			data += used;
			bytes -= (size_t)used;
			continue;
		}
		if (n > bytes)
			n = bytes;
		memcpy(conn->header + conn->header_bytes, data, n);
		conn->header_bytes += n;
		data += n;
		bytes -= n;
		if (conn->header_bytes < sizeof reply)
			break;
		conn->header_bytes = 0;
		memcpy(&reply, conn->header, sizeof reply);
		if (conn_reply(load, conn, &reply) == -1)
			return -1;
	}
	return 0;
}
