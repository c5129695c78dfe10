/* SPDX-License-Identifier: BSD-2-Clause */
#include "chunk.h"

int chunk_error(struct session *s, uint32_t error)
{
	return replies_push(&s->replies, (struct reply){ .cookie = s->request.cookie,
	                                                 .kind = REPLY_ERROR,
	                                                 .code = (uint16_t)error,
	                                                 .done = true });
}

static int push(struct session *s, enum reply_kind kind, uint64_t from, uint64_t to)
{
	const struct request *r = &s->request;

	if (from == to)
		return 0;
	return replies_push(&s->replies, (struct reply){ .cookie = r->cookie,
	                                                 .kind = (uint8_t)kind,
	                                                 .offset = from,
	                                                 .length = (uint32_t)(to - from),
	                                                 .done = to == r->offset + r->length });
}

/* From AT up to END, at most: how far it is all data, or all hole. A dropped page
 * is not a hole. */
static uint64_t same_until(struct session *s, uint64_t at, uint64_t end, bool *hole)
{
	size_t n = (size_t)(end - at);
	const uint8_t *data;

	*hole = member_get(s->member, at, &n, &data) == MEMBER_ABSENT;
	return at + n;
}

int chunk_read(struct session *s)
{
	uint64_t from = s->request.offset, end = from + s->request.length, next;
	unsigned runs = s->request.flags & NBD_CMD_FLAG_DF ? 0 : CHUNK_RUNS_MAX;
	bool hole;

	if (member_dropped(s->member, from, s->request.length))
		return chunk_error(s, NBD_EIO);
	for (uint64_t at = from; runs && at < end; at = next, runs--) {
		next = same_until(s, at, end, &hole);
		if (!hole || (next - at < CHUNK_HOLE_MIN && next - at < s->request.length))
			continue;
		if (push(s, REPLY_DATA, from, at) < 0 || push(s, REPLY_HOLE, at, next) < 0)
			return -1;
		from = next;
	}
	return push(s, REPLY_DATA, from, end);
}

/* A context's answer to BLOCK_STATUS, while it is made. */
struct status {
	uint8_t bytes[4 + 8 * CHUNK_EXTENTS_MAX];
	unsigned extents;
	uint64_t told; /* bytes of the last one */
};

/* At most CHUNK_EXTENTS_MAX times. */
static void tell(struct status *status, uint64_t length, uint32_t flags)
{
	uint8_t *next = status->bytes + 4 + 8 * status->extents;

	if (status->extents && load32(next - 4) == flags) {
		status->told += length;
		store32(next - 8, (uint32_t)status->told);
		return;
	}
	status->told = length;
	store32(next, (uint32_t)length);
	store32(next + 4, flags);
	status->extents++;
}

static int push_status(struct session *s, enum context context, struct status *status)
{
	unsigned id = (unsigned)__builtin_ctz(context);

	if (s->request.flags & NBD_CMD_FLAG_REQ_ONE)
		status->extents = 1;
	store32(status->bytes, id);
	return replies_push_bytes(&s->replies,
	                          (struct reply){ .cookie = s->request.cookie,
	                                          .kind = REPLY_BYTES,
	                                          .code = NBD_CHUNK_STATUS,
	                                          .length = 4 + 8 * status->extents,
	                                          .done = !(s->terms.contexts >> (id + 1)) },
	                          status->bytes);
}

/* base:allocation: an absent page is a hole that reads as zeros. */
static int push_allocation(struct session *s)
{
	uint64_t at = s->request.offset, next;
	uint64_t end = at + (s->request.length < CHUNK_STATUS_MAX ? s->request.length
	                                                          : CHUNK_STATUS_MAX);
	unsigned max = s->request.flags & NBD_CMD_FLAG_REQ_ONE ? 1 : CHUNK_EXTENTS_MAX;
	struct status status = {0};
	bool hole;

	for (unsigned n = 0; n < max && at < end; n++, at = next) {
		next = same_until(s, at, end, &hole);
		tell(&status, next - at, hole ? NBD_STATE_HOLE | NBD_STATE_ZERO : 0);
	}
	return push_status(s, CONTEXT_ALLOCATION, &status);
}

/* x-farpage:vacate: what is wanted back is all behind some page. */
static int push_vacate(struct session *s)
{
	uint64_t at = s->request.offset, end = at + s->request.length;
	uint64_t from = member_vacate(s->member);
	struct status status = {0};

	if (from > end)
		from = end;
	if (at < from)
		tell(&status, from - at, 0);
	else
		from = at;
	if (from < end)
		tell(&status, end - from, VACATE_WANTED);
	return push_status(s, CONTEXT_VACATE, &status);
}

int chunk_status(struct session *s)
{
	if (s->terms.contexts & CONTEXT_ALLOCATION && push_allocation(s) < 0)
		return -1;
	return s->terms.contexts & CONTEXT_VACATE ? push_vacate(s) : 0;
}
