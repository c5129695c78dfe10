/* SPDX-License-Identifier: BSD-2-Clause */
#include "chunk.h"

int chunk_error(struct replies *owed, uint64_t cookie, uint32_t error)
{
	return replies_push(owed, (struct reply){ .cookie = cookie, .kind = REPLY_ERROR,
	                                          .code = (uint16_t)error, .done = true });
}

static int push(struct replies *owed, const struct request *r, enum reply_kind kind, uint64_t from,
                uint64_t to)
{
	if (from == to)
		return 0;
	return replies_push(owed, (struct reply){ .cookie = r->cookie,
	                                          .kind = (uint8_t)kind,
	                                          .offset = from,
	                                          .length = (uint32_t)(to - from),
	                                          .done = to == r->offset + r->length });
}

/* From AT up to END, at most: how far it is all data, or all hole. A lost page
 * is not a hole. */
static uint64_t same_until(struct client *c, uint64_t at, uint64_t end, bool *hole)
{
	size_t n = (size_t)(end - at);

	*hole = c->ops->look(c, at, &n) == GOT_HOLE;
	return at + n;
}

int chunk_read(struct replies *owed, struct client *c, const struct request *r)
{
	uint64_t from = r->offset, end = from + r->length, next;
	unsigned runs = r->flags & NBD_CMD_FLAG_DF ? 0 : CHUNK_RUNS_MAX;
	bool hole;

	if (c->may_lose && c->ops->lost(c, from, r->length))
		return chunk_error(owed, r->cookie, NBD_EIO);
	for (uint64_t at = from; runs && at < end; at = next, runs--) {
		next = same_until(c, at, end, &hole);
		if (!hole || (next - at < CHUNK_HOLE_MIN && next - at < r->length))
			continue;
		if (push(owed, r, REPLY_DATA, from, at) < 0 || push(owed, r, REPLY_HOLE, at, next) < 0)
			return -1;
		from = next;
	}
	return push(owed, r, REPLY_DATA, from, end);
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

static int push_status(struct replies *owed, const struct request *r, enum context context, bool last,
                       struct status *status)
{
	uint32_t id = context_id(context);

	if (r->flags & NBD_CMD_FLAG_REQ_ONE)
		status->extents = 1;
	store32(status->bytes, id);
	return replies_push_bytes(owed,
	                          (struct reply){ .cookie = r->cookie,
	                                          .kind = REPLY_BYTES,
	                                          .code = NBD_CHUNK_STATUS,
	                                          .length = 4 + 8 * status->extents,
	                                          .done = last },
	                          status->bytes);
}

/* CONTEXT_ALLOCATION: an absent page is a hole that reads as zeros. */
static int push_allocation(struct replies *owed, struct client *c, const struct request *r, bool last)
{
	uint64_t at = r->offset, next;
	uint64_t end = at + (r->length < CHUNK_STATUS_MAX ? r->length
	                                                          : CHUNK_STATUS_MAX);
	unsigned max = r->flags & NBD_CMD_FLAG_REQ_ONE ? 1 : CHUNK_EXTENTS_MAX;
	struct status status = {0};
	bool hole;

	for (unsigned n = 0; n < max && at < end; n++, at = next) {
		next = same_until(c, at, end, &hole);
		tell(&status, next - at, hole ? NBD_STATE_HOLE | NBD_STATE_ZERO : 0);
	}
	return push_status(owed, r, CONTEXT_ALLOCATION, last, &status);
}

/* CONTEXT_VACATE: what is wanted back is all behind some page. */
static int push_vacate(struct replies *owed, struct client *c, const struct request *r)
{
	uint64_t at = r->offset, end = at + r->length;
	uint64_t from = c->ops->wanted(c);
	struct status status = {0};

	if (from > end)
		from = end;
	if (at < from)
		tell(&status, from - at, 0);
	else
		from = at;
	if (from < end)
		tell(&status, end - from, VACATE_WANTED);
	return push_status(owed, r, CONTEXT_VACATE, true, &status);
}

int chunk_status(struct replies *owed, struct client *c, const struct request *r, unsigned contexts)
{
	bool vacate = contexts & CONTEXT_VACATE;

	if (contexts & CONTEXT_ALLOCATION && push_allocation(owed, c, r, !vacate) < 0)
		return -1;
	return vacate ? push_vacate(owed, c, r) : 0;
}
