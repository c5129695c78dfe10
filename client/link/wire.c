/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define NONE          ((uint16_t)CORE_ASKS)
#define GATHER        32 /* requests in one write */
#define REQUEST_MAGIC UINT32_C(0x25609513)
#define REPLY_MAGIC   UINT32_C(0x67446698)

static const uint16_t commands[] = { [ASK_GET] = 0, [ASK_PUT] = 1, [ASK_DISCARD] = 4 };

int wire_make(struct wire *w)
{
	w->fd = -1;
	w->received = malloc(WIRE_RECEIVE_BYTES);
	return w->received ? 0 : -1;
}

void wire_free(struct wire *w)
{
	free(w->received);
}

void wire_open(struct wire *w, int fd)
{
	w->fd = fd;
	w->out_first = w->out_last = w->in_slot = NONE;
	w->have = w->taken = w->out_done = 0;
	for (uint16_t i = 0; i < CORE_ASKS; i++) {
		w->slot[i].ask = NULL;
		w->slot[i].next = (uint16_t)(i + 1);
	}
	w->free = 0;
}

void wire_close(struct wire *w)
{
	w->fd = -1;
}

static size_t payload_bytes(const struct ask *ask)
{
	return (size_t)ask->pages * PAGE_BYTES;
}

static void fill_header(struct wire_slot *s, uint64_t cookie)
{
	const struct ask *ask = s->ask;
	uint32_t magic = htobe32(REQUEST_MAGIC);
	uint32_t length = htobe32((uint32_t)payload_bytes(ask));
	uint16_t flags = 0, command = htobe16(commands[ask->kind]);
	uint64_t offset = htobe64(ask->page * PAGE_BYTES);

	memcpy(s->header, &magic, 4);
	memcpy(s->header + 4, &flags, 2);
	memcpy(s->header + 6, &command, 2);
	memcpy(s->header + 8, &cookie, 8);
	memcpy(s->header + 16, &offset, 8);
	memcpy(s->header + 24, &length, 4);
}

static uint64_t cookie_of(const struct wire_slot *s, uint16_t i)
{
	return htobe64((uint64_t)s->serial << 32 | i);
}

void wire_queue(struct wire *w, struct ask *ask)
{
	uint16_t i = w->free;
	struct wire_slot *s = &w->slot[i];

	assert(i != NONE); /* there are no more asks than slots */
	w->free = s->next;
	s->ask = ask;
	s->serial++;
	s->sent = false;
	s->next = NONE;
	fill_header(s, cookie_of(s, i));
	if (w->out_first == NONE)
		w->out_first = i;
	else
		w->slot[w->out_last].next = i;
	w->out_last = i;
}

bool wire_waits_to_send(const struct wire *w)
{
	return w->out_first != NONE;
}

/* Put BYTES at DATA, without the first SKIP of what is gathered, behind the others. */
static void gather(struct iovec *v, int *n, void *data, size_t bytes, size_t *skip)
{
	size_t over = *skip < bytes ? *skip : bytes;

	*skip -= over;
	if (over == bytes)
		return;
	v[*n].iov_base = (uint8_t *)data + over;
	v[(*n)++].iov_len = bytes - over;
}

static size_t request_bytes(const struct wire_slot *s)
{
	return WIRE_REQUEST_BYTES + (s->ask->kind == ASK_PUT ? payload_bytes(s->ask) : 0);
}

static ssize_t send_some(struct wire *w)
{
	struct iovec v[2 * GATHER];
	struct msghdr m = { .msg_iov = v };
	size_t skip = w->out_done;
	int n = 0;

	for (uint16_t i = w->out_first; i != NONE && n < 2 * GATHER - 1; i = w->slot[i].next) {
		struct wire_slot *s = &w->slot[i];

		gather(v, &n, s->header, WIRE_REQUEST_BYTES, &skip);
		if (s->ask->kind == ASK_PUT)
			gather(v, &n, s->ask->data, payload_bytes(s->ask), &skip);
	}
	m.msg_iovlen = (size_t)n;
	return sendmsg(w->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

int wire_send(struct wire *w)
{
	while (w->out_first != NONE) {
		ssize_t sent = send_some(w);

		if (sent < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -1;
		w->out_done += (size_t)sent;
		while (w->out_first != NONE &&
		       w->out_done >= request_bytes(&w->slot[w->out_first])) {
			struct wire_slot *s = &w->slot[w->out_first];

			w->out_done -= request_bytes(s);
			s->sent = true;
			w->out_first = s->next;
		}
		if (w->out_done)
			return 0; /* the socket is full */
	}
	return 0;
}

/* The rest of a payload goes to where it belongs, what follows to RECEIVED. */
static ssize_t receive_some(struct wire *w)
{
	struct iovec v[2];
	int n = 0;
	size_t rest = 0;
	ssize_t r;

	if (w->in_slot != NONE) {
		const struct ask *ask = w->slot[w->in_slot].ask;

		rest = payload_bytes(ask) - w->in_done;
		v[n].iov_base = ask->data + w->in_done;
		v[n++].iov_len = rest;
	}
	memmove(w->received, w->received + w->taken, w->have - w->taken);
	w->have -= w->taken;
	w->taken = 0;
	v[n].iov_base = w->received + w->have;
	v[n++].iov_len = WIRE_RECEIVE_BYTES - w->have;
	r = readv(w->fd, v, n);
	if (r <= 0)
		return r;
	if ((size_t)r > rest) {
		w->in_done += rest;
		w->have += (size_t)r - rest;
	} else {
		w->in_done += (size_t)r;
	}
	return r;
}

static struct ask *release(struct wire *w, uint16_t i)
{
	struct wire_slot *s = &w->slot[i];
	struct ask *ask = s->ask;

	s->ask = NULL;
	s->next = w->free;
	w->free = i;
	return ask;
}

/* The slot of the reply that stands at AT, NONE if it is no reply to anything. */
static uint16_t wire_find(const struct wire *w, const uint8_t *at, int *error)
{
	uint32_t magic, word;
	uint64_t cookie;
	uint16_t i;

	memcpy(&magic, at, 4);
	memcpy(&word, at + 4, 4);
	memcpy(&cookie, at + 8, 8);
	*error = (int)be32toh(word);
	i = (uint16_t)(be64toh(cookie) & 0xffff);
	if (be32toh(magic) != REPLY_MAGIC || i >= CORE_ASKS || !w->slot[i].ask ||
	    !w->slot[i].sent || cookie_of(&w->slot[i], i) != cookie)
		return NONE;
	return i;
}

/* Use what is in RECEIVED of the payload that is coming. True: it is complete. */
static bool take_payload(struct wire *w)
{
	struct ask *ask = w->slot[w->in_slot].ask;
	size_t rest = payload_bytes(ask) - w->in_done, there = w->have - w->taken;
	size_t some = rest < there ? rest : there;

	memcpy(ask->data + w->in_done, w->received + w->taken, some);
	w->in_done += some;
	w->taken += some;
	return w->in_done == payload_bytes(ask);
}

/* An errno that a lender may answer; any other is EIO. */
static int error_of(int error)
{
	return error == ENOSPC || error == EINVAL || error == EPERM || error == ENOMEM ||
	       error == ENOTSUP || error == EOVERFLOW || error == ESHUTDOWN ? error : EIO;
}

/* One reply, or what there is of it. 1: go on, 0: more must come, -1: it is wrong. */
static int take(struct wire *w, struct ask **ask, int *error)
{
	uint16_t i;

	*ask = NULL;
	*error = 0;
	if (w->in_slot == NONE) {
		if (w->have - w->taken < WIRE_REPLY_BYTES)
			return 0;
		i = wire_find(w, w->received + w->taken, error);
		if (i == NONE)
			return -1;
		w->taken += WIRE_REPLY_BYTES;
		if (*error || w->slot[i].ask->kind != ASK_GET) {
			*error = *error ? error_of(*error) : 0;
			*ask = release(w, i);
			return 1;
		}
		w->in_slot = i;
		w->in_done = 0;
	}
	if (!take_payload(w))
		return 0;
	*ask = release(w, w->in_slot);
	w->in_slot = NONE;
	return 1;
}

int wire_receive(struct wire *w, void (*replied)(void *user, struct ask *, int error),
                 void *user, const char **words)
{
	ssize_t r = receive_some(w);
	struct ask *ask;
	int error, go_on;

	if (r < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (r <= 0) {
		*words = r < 0 ? strerrordesc_np(errno) : "the lender ended the connection";
		return -1;
	}
	while ((go_on = take(w, &ask, &error)) > 0) {
		replied(user, ask, error);
		if (w->fd < 0)
			return 0; /* closed by what followed */
	}
	if (go_on < 0)
		*words = "the lender sent a reply to no request";
	return go_on;
}
