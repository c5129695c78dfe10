/* SPDX-License-Identifier: BSD-2-Clause */
#include "reply.h"

#include <stdlib.h>

#define RING_FIRST 64u

/* Data of absent pages; never written, so it is one page of the kernel's. */
static const uint8_t zeros[64 * 1024];

static int grow(struct replies *r)
{
	uint32_t size = r->size ? r->size * 2 : RING_FIRST;
	struct reply *ring = malloc(size * sizeof *ring);

	if (!ring)
		return -1;
	for (uint32_t i = r->head; i != r->tail; i++)
		ring[i & (size - 1)] = r->ring[i & (r->size - 1)];
	free(r->ring);
	r->ring = ring;
	r->size = size;
	return 0;
}

int replies_push(struct replies *r, struct reply reply)
{
	if (replies_owed(r) == r->size && grow(r) < 0)
		return -1;
	r->ring[r->tail++ & (r->size - 1)] = reply;
	return 0;
}

int replies_push_bytes(struct replies *r, struct reply reply, const uint8_t *bytes)
{
	buf_put(&r->bytes, bytes, reply.length);
	return r->bytes.failed ? -1 : replies_push(r, reply);
}

static void take_bytes(struct replies *r, size_t n)
{
	r->bytes_taken += n;
	/* Seldom, so that moving the rest costs little. */
	if (r->bytes_taken * 2 >= r->bytes.len) {
		buf_take(&r->bytes, r->bytes_taken);
		r->bytes_taken = 0;
	}
}

/* Bytes that follow those before are one vector with them. */
static void add(struct gather *g, const uint8_t *data, size_t n)
{
	struct iovec *last = &g->vector[g->vectors];

	g->bytes += n;
	if (g->vectors && (uint8_t *)last[-1].iov_base + last[-1].iov_len == data) {
		last[-1].iov_len += n;
		return;
	}
	last->iov_base = (void *)data;
	last->iov_len = n;
	g->vectors++;
}

static bool full(const struct gather *g)
{
	return g->vectors == GATHER_VECTORS || g->bytes >= GATHER_BYTES;
}

static bool is_part(const struct reply *reply)
{
	return reply->kind >= REPLY_PART;
}

static size_t header_bytes(const struct reply *reply)
{
	switch ((enum reply_kind)reply->kind) {
	case REPLY_SIMPLE: return NBD_SIMPLE_BYTES;
	case REPLY_DATA: return NBD_CHUNK_BYTES + 8;
	case REPLY_HOLE: return NBD_CHUNK_BYTES + 12;
	case REPLY_ERROR: return NBD_CHUNK_BYTES + NBD_CHUNK_ERROR_BYTES;
	case REPLY_BYTES: return NBD_CHUNK_BYTES;
	case REPLY_PART: return NBD_CHUNK_BYTES + 8;
	case REPLY_PART_SIMPLE: return NBD_SIMPLE_BYTES;
	case REPLY_PART_MORE: return 0;
	}
	return 0;
}

static size_t body_bytes(const struct reply *reply)
{
	return reply->kind == REPLY_HOLE || reply->kind == REPLY_ERROR ? 0 : reply->length;
}

static uint16_t chunk_type(const struct reply *reply)
{
	switch ((enum reply_kind)reply->kind) {
	case REPLY_DATA:
	case REPLY_PART: return NBD_CHUNK_DATA;
	case REPLY_HOLE: return NBD_CHUNK_HOLE;
	case REPLY_ERROR: return NBD_CHUNK_ERROR;
	default: return reply->code;
	}
}

static void chunk_header(uint8_t *header, const struct reply *reply)
{
	bool late = reply->kind == REPLY_PART;
	size_t payload = header_bytes(reply) - NBD_CHUNK_BYTES + (late ? reply->part->total : body_bytes(reply));

	store32(header, NBD_CHUNK_MAGIC);
	store16(header + 4, reply->done ? NBD_CHUNK_DONE : 0);
	store16(header + 6, chunk_type(reply));
	store64(header + 8, reply->cookie);
	store32(header + 16, (uint32_t)payload);
	if (reply->kind == REPLY_ERROR) {
		store32(header + 20, reply->code);
		store16(header + 24, 0);
	} else if (reply->kind != REPLY_BYTES) {
		store64(header + 20, late ? reply->part->offset : reply->offset);
	}
	if (reply->kind == REPLY_HOLE)
		store32(header + 28, reply->length);
}

static void add_header(struct gather *g, uint8_t *header, const struct reply *reply,
                       size_t skip)
{
	if (reply->kind == REPLY_SIMPLE || reply->kind == REPLY_PART_SIMPLE) {
		store32(header, NBD_SIMPLE_MAGIC);
		store32(header + 4, reply->code);
		store64(header + 8, reply->cookie);
	} else {
		chunk_header(header, reply);
	}
	add(g, header + skip, header_bytes(reply) - skip);
}

/* 0; 1: what comes next is not at hand; -1: some of it is lost. */
static int add_data(struct gather *g, struct client *c, uint64_t offset, size_t left)
{
	while (left && !full(g)) {
		size_t n = left;
		const uint8_t *data;

		switch (c->ops->get(c, offset, &n, &data)) {
		case GOT_DATA:
			break;
		case GOT_HOLE:
			data = zeros;
			n = n < sizeof zeros ? n : sizeof zeros;
			break;
		case GOT_LOST:
			return -1;
		case GOT_LATER:
			g->later = true;
			g->later_at = offset;
			return 1;
		}
		add(g, data, n);
		offset += n;
		left -= n;
	}
	return 0;
}

/* The header that was added last is not sent before its data: what nothing was sent of can still
 * become an error. */
static void take_header_back(struct gather *g, size_t n)
{
	struct iovec *last = &g->vector[g->vectors - 1];

	g->bytes -= n;
	last->iov_len -= n;
	if (!last->iov_len)
		g->vectors--;
}

/* Of this one nothing is sent: it can still say that its pages are gone. */
static void look_again(struct reply *reply, struct client *c)
{
	if (!c->may_lose || (reply->kind != REPLY_SIMPLE && reply->kind != REPLY_DATA) || !reply->length ||
	    !c->ops->lost(c, reply->offset, reply->length))
		return;
	reply->code = NBD_EIO;
	if (reply->kind == REPLY_DATA)
		reply->kind = REPLY_ERROR;
	reply->length = 0;
}

int replies_gather(struct replies *r, struct client *c, struct gather *g)
{
	size_t taken = r->bytes_taken;
	uint64_t skip = r->sent;
	uint8_t *header = g->headers;

	g->vectors = 0;
	g->bytes = 0;
	g->later = false;
	for (uint32_t i = r->head; i != r->tail && !full(g); i++) {
		struct reply *reply = &r->ring[i & (r->size - 1)];
		bool whole = !skip; /* nothing of it is sent */

		if (whole)
			look_again(reply, c);
		if (skip < header_bytes(reply)) {
			if (header + header_bytes(reply) > g->headers + sizeof g->headers)
				break;
			add_header(g, header, reply, (size_t)skip);
			header += header_bytes(reply);
			skip = 0;
		} else {
			skip -= header_bytes(reply);
		}
		size_t before = g->bytes;
		if (reply->kind == REPLY_BYTES) {
			if (full(g))
				break;
			add(g, r->bytes.data + taken + skip, (size_t)(reply->length - skip));
			taken += reply->length;
		} else if (is_part(reply)) {
			if (full(g))
				break;
			add(g, reply->part->data + skip, (size_t)(reply->length - skip));
		} else {
			int ends = add_data(g, c, reply->offset + skip, (size_t)(body_bytes(reply) - skip));

			if (ends > 0 && whole && g->bytes == before)
				take_header_back(g, header_bytes(reply));
			if (ends)
				return ends < 0 ? -1 : 0;
		}
		skip = 0;
	}
	return 0;
}

void replies_sent(struct replies *r, size_t bytes)
{
	r->sent += bytes;
	while (r->head != r->tail) {
		const struct reply *reply = &r->ring[r->head & (r->size - 1)];
		uint64_t whole = header_bytes(reply) + (uint64_t)body_bytes(reply);

		if (r->sent < whole)
			break;
		if (reply->kind == REPLY_BYTES)
			take_bytes(r, reply->length);
		else if (is_part(reply))
			replies_give(reply->part);
		r->sent -= whole;
		r->head++;
	}
}

size_t replies_bytes(const struct replies *r)
{
	return r->size * sizeof *r->ring + r->bytes.size;
}

void replies_give(struct part *part)
{
	part->ops->give(part);
}

void replies_free(struct replies *r)
{
	for (uint32_t i = r->head; i != r->tail; i++)
		if (is_part(&r->ring[i & (r->size - 1)]))
			replies_give(r->ring[i & (r->size - 1)].part);
	free(r->ring);
	buf_free(&r->bytes);
	*r = (struct replies){0};
}
