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

int replies_push(struct replies *r, uint64_t cookie, uint32_t error,
                 uint64_t offset, uint32_t length)
{
	if (replies_owed(r) == r->size && grow(r) < 0)
		return -1;
	r->ring[r->tail++ & (r->size - 1)] = (struct reply){
		.cookie = cookie, .offset = offset, .length = length, .error = error };
	return 0;
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

static void add_header(struct gather *g, unsigned n, const struct reply *reply,
                       size_t skip)
{
	uint8_t *header = g->headers[n];

	store32(header, NBD_SIMPLE_MAGIC);
	store32(header + 4, reply->error);
	store64(header + 8, reply->cookie);
	add(g, header + skip, NBD_SIMPLE_BYTES - skip);
}

static void add_data(struct gather *g, struct member *m, uint64_t offset,
                     size_t left)
{
	while (left && !full(g)) {
		size_t n = left;
		const uint8_t *data = member_get(m, offset, &n);

		if (!data) {
			data = zeros;
			n = n < sizeof zeros ? n : sizeof zeros;
		}
		add(g, data, n);
		offset += n;
		left -= n;
	}
}

void replies_gather(const struct replies *r, struct member *m, struct gather *g)
{
	uint64_t skip = r->sent;
	unsigned headers = 0;

	g->vectors = 0;
	g->bytes = 0;
	for (uint32_t i = r->head; i != r->tail && headers < GATHER_VECTORS && !full(g); i++) {
		const struct reply *reply = &r->ring[i & (r->size - 1)];

		if (skip < NBD_SIMPLE_BYTES) {
			add_header(g, headers++, reply, (size_t)skip);
			skip = 0;
		} else {
			skip -= NBD_SIMPLE_BYTES;
		}
		add_data(g, m, reply->offset + skip, (size_t)(reply->length - skip));
		skip = 0;
	}
}

void replies_sent(struct replies *r, size_t bytes)
{
	r->sent += bytes;
	while (r->head != r->tail) {
		uint64_t whole = NBD_SIMPLE_BYTES +
		                 (uint64_t)r->ring[r->head & (r->size - 1)].length;

		if (r->sent < whole)
			break;
		r->sent -= whole;
		r->head++;
	}
}

void replies_free(struct replies *r)
{
	free(r->ring);
	*r = (struct replies){0};
}
