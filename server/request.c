/* SPDX-License-Identifier: BSD-2-Clause */
#include "request.h"

#include <errno.h>

static const uint8_t zeros[64 * 1024];

static void set_state(struct session *s, enum session_state state)
{
	s->state = state;
}

static void break_off(struct session *s, const char *why)
{
	s->why = why;
	set_state(s, SESSION_BROKEN);
}

void session_start(struct session *s, struct member *member, const struct terms *terms)
{
	*s = (struct session){ .member = member, .terms = *terms };
	set_state(s, SESSION_REQUEST);
}

void session_free(struct session *s)
{
	replies_free(&s->replies);
}

int request_parse(struct request *r, const uint8_t in[static NBD_REQUEST_BYTES])
{
	if (load32(in) != NBD_REQUEST_MAGIC)
		return -1;
	r->flags = load16(in + 4);
	r->type = load16(in + 6);
	r->cookie = load64(in + 8);
	r->offset = load64(in + 16);
	r->length = load32(in + 24);
	return 0;
}

static bool writes(uint16_t type)
{
	return type == NBD_CMD_WRITE || type == NBD_CMD_TRIM ||
	       type == NBD_CMD_WRITE_ZEROES;
}

static uint16_t allowed_flags(uint16_t type)
{
	switch (type) {
	case NBD_CMD_READ: return NBD_CMD_FLAG_FUA | NBD_CMD_FLAG_DF;
	case NBD_CMD_WRITE_ZEROES:
		return NBD_CMD_FLAG_FUA | NBD_CMD_FLAG_NO_HOLE | NBD_CMD_FLAG_FAST_ZERO;
	case NBD_CMD_BLOCK_STATUS: return NBD_CMD_FLAG_FUA | NBD_CMD_FLAG_REQ_ONE;
	}
	return NBD_CMD_FLAG_FUA;
}

uint32_t request_check(const struct request *r, const struct terms *terms, bool read_only)
{
	uint64_t size = terms->size;

	if (r->flags & ~allowed_flags(r->type) ||
	    (r->flags & NBD_CMD_FLAG_DF && !terms->structured))
		return NBD_EINVAL;
	switch (r->type) {
	case NBD_CMD_FLUSH:
		return r->offset || r->length ? NBD_EINVAL : NBD_OK;
	case NBD_CMD_READ:
	case NBD_CMD_WRITE:
		if (r->length > REQUEST_MAX_BYTES)
			return NBD_EOVERFLOW;
		break;
	case NBD_CMD_BLOCK_STATUS:
		if (!terms->contexts)
			return NBD_EINVAL;
		break;
	case NBD_CMD_TRIM:
	case NBD_CMD_CACHE:
	case NBD_CMD_WRITE_ZEROES:
		break;
	default:
		return NBD_EINVAL;
	}
	if (read_only && writes(r->type))
		return NBD_EPERM;
	if (r->length == 0)
		return NBD_EINVAL;
	if (r->offset > size || r->length > size - r->offset)
		return writes(r->type) ? NBD_ENOSPC : NBD_EINVAL;
	/* Pages that are to be there are written, zero for zero. */
	if (r->flags & NBD_CMD_FLAG_FAST_ZERO && r->flags & NBD_CMD_FLAG_NO_HOLE)
		return NBD_ENOTSUP;
	return NBD_OK;
}

bool session_full(const struct session *s)
{
	return replies_owed(&s->replies) >= SESSION_OWED_MAX ||
	       s->replies.bytes.len >= SESSION_BYTES_MAX;
}

bool session_light(const struct session *s)
{
	return replies_owed(&s->replies) < SESSION_OWED_MAX / 2 &&
	       s->replies.bytes.len < SESSION_BYTES_MAX / 2;
}

static void push(struct session *s, struct reply reply, const uint8_t *bytes)
{
	reply.cookie = s->request.cookie;
	if ((bytes ? replies_push_bytes(&s->replies, reply, bytes)
	           : replies_push(&s->replies, reply)) < 0)
		break_off(s, "no memory for its replies");
}

/* A reply that says no more than ERROR, or OK with LENGTH bytes of a READ. */
static void owe(struct session *s, uint32_t error, uint32_t length)
{
	push(s, (struct reply){ .kind = REPLY_SIMPLE, .code = (uint16_t)error,
	                        .offset = s->request.offset, .length = length }, NULL);
}

/* READ and BLOCK_STATUS are answered in chunks, if that was agreed. */
static bool in_chunks(const struct session *s)
{
	return s->terms.structured && (s->request.type == NBD_CMD_READ ||
	                               s->request.type == NBD_CMD_BLOCK_STATUS);
}

static void owe_error(struct session *s, uint32_t error)
{
	if (in_chunks(s))
		push(s, (struct reply){ .kind = REPLY_ERROR, .code = (uint16_t)error,
		                        .done = true }, NULL);
	else
		owe(s, error, 0);
}

static void owe_chunk(struct session *s, enum reply_kind kind, uint64_t from, uint64_t to)
{
	const struct request *r = &s->request;

	if (from < to)
		push(s, (struct reply){ .kind = (uint8_t)kind, .offset = from,
		                        .length = (uint32_t)(to - from),
		                        .done = to == r->offset + r->length }, NULL);
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

/* What is a hole now is told as one. What was not looked at is told as data. */
static void read_in_chunks(struct session *s)
{
	uint64_t from = s->request.offset, end = from + s->request.length, next;
	unsigned runs = s->request.flags & NBD_CMD_FLAG_DF ? 0 : SESSION_RUNS_MAX;
	bool hole;

	if (member_dropped(s->member, from, s->request.length)) {
		owe_error(s, NBD_EIO);
		return;
	}
	for (uint64_t at = from; runs && at < end; at = next, runs--) {
		next = same_until(s, at, end, &hole);
		if (!hole || (next - at < SESSION_HOLE_MIN && next - at < s->request.length))
			continue;
		owe_chunk(s, REPLY_DATA, from, at);
		owe_chunk(s, REPLY_HOLE, at, next);
		from = next;
	}
	owe_chunk(s, REPLY_DATA, from, end);
}

/* A context's answer to BLOCK_STATUS, while it is made. */
struct status {
	uint8_t bytes[4 + 8 * SESSION_EXTENTS_MAX];
	unsigned extents;
	uint64_t told; /* bytes of the last one */
};

/* At most SESSION_EXTENTS_MAX times. */
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

/* Each context that was chosen has an answer. */
static void owe_status(struct session *s, enum context context, struct status *status)
{
	unsigned id = (unsigned)__builtin_ctz(context);

	if (s->request.flags & NBD_CMD_FLAG_REQ_ONE)
		status->extents = 1;
	store32(status->bytes, id);
	push(s, (struct reply){ .kind = REPLY_BYTES, .code = NBD_CHUNK_STATUS,
	                        .length = 4 + 8 * status->extents,
	                        .done = !(s->terms.contexts >> (id + 1)) }, status->bytes);
}

/* base:allocation: an absent page is a hole that reads as zeros. */
static void tell_allocation(struct session *s)
{
	uint64_t at = s->request.offset, next;
	uint64_t end = at + (s->request.length < SESSION_STATUS_MAX ? s->request.length
	                                                            : SESSION_STATUS_MAX);
	unsigned max = s->request.flags & NBD_CMD_FLAG_REQ_ONE ? 1 : SESSION_EXTENTS_MAX;
	struct status status = {0};
	bool hole;

	for (unsigned n = 0; n < max && at < end; n++, at = next) {
		next = same_until(s, at, end, &hole);
		tell(&status, next - at, hole ? NBD_STATE_HOLE | NBD_STATE_ZERO : 0);
	}
	owe_status(s, CONTEXT_ALLOCATION, &status);
}

/* x-farpage:vacate: what is wanted back is all behind some page. */
static void tell_vacate(struct session *s)
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
	owe_status(s, CONTEXT_VACATE, &status);
}

static void block_status(struct session *s)
{
	if (s->terms.contexts & CONTEXT_ALLOCATION)
		tell_allocation(s);
	if (s->terms.contexts & CONTEXT_VACATE)
		tell_vacate(s);
}

static void begin(struct session *s, enum session_state state)
{
	s->at = s->request.offset;
	s->left = s->request.length;
	set_state(s, state);
}

static void carry_out(struct session *s)
{
	const struct request *r = &s->request;
	uint32_t error = request_check(r, &s->terms, s->member->read_only);

	s->error = error;
	s->refused = error != NBD_OK;
	if (r->type == NBD_CMD_DISC) {
		set_state(s, SESSION_ENDING);
	} else if (r->type == NBD_CMD_WRITE) {
		/* A refused payload is read all the same, if it is of a size
		 * that we ever agreed to. */
		if (r->length > REQUEST_MAX_BYTES)
			break_off(s, "a WRITE larger than any that we allow");
		else if (r->length)
			begin(s, SESSION_PAYLOAD);
		else
			owe(s, error, 0);
	} else if (error) {
		owe_error(s, error);
	} else if (r->type == NBD_CMD_BLOCK_STATUS) {
		block_status(s);
	} else if (in_chunks(s)) {
		read_in_chunks(s);
	} else if (r->type == NBD_CMD_TRIM || r->type == NBD_CMD_WRITE_ZEROES) {
		begin(s, SESSION_ERASE);
	} else {
		owe(s, NBD_OK, r->type == NBD_CMD_READ ? r->length : 0);
	}
}

/* The part of LEN bytes that ends at a page's end or at the payload's: what
 * may be put, so that a connection cut here leaves each page old or new. */
static size_t whole_pages(const struct session *s, size_t len)
{
	if (len >= s->left)
		return (size_t)s->left;
	size_t beyond = (s->at + len) % PAGE_SIZE;
	return len > beyond ? len - beyond : 0;
}

static uint32_t put_error(void)
{
	return errno == EPERM ? NBD_EPERM : errno == EIO ? NBD_EIO : NBD_ENOSPC;
}

/* After a page that did not fit the next ones are put all the same, so that
 * a write that failed leaves no page as it was before. */
static size_t feed_payload(struct session *s, const uint8_t *in, size_t len)
{
	size_t n = whole_pages(s, len);

	if (n && !s->refused && member_put(s->member, s->at, n, in) < 0)
		s->error = put_error();
	s->at += n;
	s->left -= n;
	if (s->left == 0) {
		set_state(s, SESSION_REQUEST);
		owe(s, s->error, 0);
	}
	return n;
}

/* Must the next request, R, wait? It is counted if not. */
static bool throttled(struct session *s, const struct request *r)
{
	bool moves = (r->type == NBD_CMD_READ || r->type == NBD_CMD_WRITE) &&
	             r->length <= REQUEST_MAX_BYTES;

	s->wait_ns = pool_throttle(s->member->pool, moves ? r->length : 0);
	return s->wait_ns > 0;
}

size_t session_feed(struct session *s, const uint8_t *in, size_t len)
{
	size_t used = 0;

	s->wait_ns = 0;
	for (;;) {
		if (s->state == SESSION_PAYLOAD) {
			size_t n = feed_payload(s, in + used, len - used);

			if (n == 0)
				return used;
			used += n;
		} else if (s->state == SESSION_REQUEST && !session_full(s) &&
		           len - used >= NBD_REQUEST_BYTES) {
			if (request_parse(&s->request, in + used) < 0) {
				break_off(s, "a request without its magic number");
				return used;
			}
			if (throttled(s, &s->request))
				return used;
			used += NBD_REQUEST_BYTES;
			carry_out(s);
		} else {
			return used;
		}
	}
}

/* WRITE_ZEROES with NO_HOLE wants its pages there, not absent. Pages done. */
static int64_t fill(struct session *s, uint64_t max)
{
	uint64_t pages = 0;

	if (member_enter(s->member) < 0)
		return -1;
	while (pages < max && s->left) {
		/* To a page's end: between two turns no page is half erased. */
		uint64_t n = sizeof zeros - s->at % PAGE_SIZE;

		if (n > s->left)
			n = s->left;
		if (member_put(s->member, s->at, (size_t)n, zeros) < 0)
			s->error = put_error();
		s->at += n;
		s->left -= n;
		pages += (n + PAGE_SIZE - 1) / PAGE_SIZE;
	}
	member_exit(s->member);
	return (int64_t)pages;
}

static int64_t flush(struct session *s, uint64_t max)
{
	uint64_t begin = s->at, end = begin + s->left;
	int64_t pages = member_flush(s->member, &s->at, end, max);

	s->left = end - s->at;
	return pages < 0 ? -1 : pages + (int64_t)((s->at - begin) >> PAGE_SHIFT) /
	                                    REQUEST_LOOKED_PAGES;
}

int session_erase(struct session *s, uint64_t *turn)
{
	int64_t pages = s->request.flags & NBD_CMD_FLAG_NO_HOLE ? fill(s, *turn)
	                                                        : flush(s, *turn);

	if (pages < 0 && errno == EPERM) { /* the owner is back, and we may only look */
		s->error = NBD_EPERM;
		s->left = 0;
	} else if (pages < 0 && errno == EIO) {
		s->error = NBD_EIO;
	} else if (pages < 0) {
		return -1;
	}
	if (pages <= 0)
		pages = 1;
	*turn = *turn > (uint64_t)pages ? *turn - (uint64_t)pages : 0;
	if (s->left == 0) {
		set_state(s, SESSION_REQUEST);
		owe(s, s->error, 0);
	}
	return 0;
}
