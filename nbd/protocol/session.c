/* SPDX-License-Identifier: BSD-2-Clause */
#include "session.h"

#include <errno.h>

#include "chunk.h"

#define FILL_BYTES (64u << 10)

static void set_state(struct session *s, enum session_state state)
{
	s->state = state;
}

static void break_off(struct session *s, const char *why)
{
	s->why = why;
	set_state(s, SESSION_BROKEN);
}

void session_start(struct session *s, struct client *client, const struct terms *terms)
{
	*s = (struct session){ .client = client, .terms = *terms, .room = SIZE_MAX,
	                       .turn = UINT64_MAX };
	set_state(s, SESSION_REQUEST);
	if (client->ops->submit && !(s->late = late_new(client, &s->replies)))
		break_off(s, "no memory");
}

bool session_stirred(struct session *s)
{
	if (!s->late)
		return true;
	late_stirred(s->late);
	if (s->late->why)
		break_off(s, s->late->why);
	return s->state != SESSION_BROKEN;
}

void session_free(struct session *s)
{
	late_free(s->late);
	replies_free(&s->replies);
}

bool session_full(const struct session *s)
{
	size_t owed = replies_owed(&s->replies), bytes = s->replies.bytes.len;

	return owed >= SESSION_OWED_MAX || bytes >= SESSION_BYTES_MAX ||
	       (owed && owed * sizeof(struct reply) + bytes >= s->room);
}

bool session_light(const struct session *s)
{
	size_t owed = replies_owed(&s->replies), bytes = s->replies.bytes.len;

	return owed < SESSION_OWED_MAX / 2 && bytes < SESSION_BYTES_MAX / 2 &&
	       (!owed || owed * sizeof(struct reply) + bytes < s->room / 2);
}

static void no_memory(struct session *s)
{
	break_off(s, "no memory for its replies");
}

/* A reply that says no more than ERROR, or OK with LENGTH bytes of a READ. */
static void owe(struct session *s, uint32_t error, uint32_t length)
{
	if (replies_push(&s->replies, (struct reply){ .cookie = s->request.cookie,
	                                              .kind = REPLY_SIMPLE,
	                                              .code = (uint16_t)error,
	                                              .offset = s->request.offset,
	                                              .length = length }) < 0)
		no_memory(s);
}

/* READ and BLOCK_STATUS are answered in chunks, if that was agreed. */
static bool in_chunks(const struct session *s)
{
	return s->terms.structured && (s->request.type == NBD_CMD_READ ||
	                               s->request.type == NBD_CMD_BLOCK_STATUS);
}

static void owe_chunks(struct session *s, uint32_t error)
{
	int r = error ? chunk_error(&s->replies, s->request.cookie, error)
	        : s->request.type == NBD_CMD_BLOCK_STATUS
	            ? chunk_status(&s->replies, s->client, &s->request, s->terms.contexts)
	            : chunk_read(&s->replies, s->client, &s->request);
	if (r < 0)
		no_memory(s);
}

static void spend(struct session *s, uint64_t pages)
{
	s->turn -= s->turn < pages ? s->turn : pages;
}

static void session_begin(struct session *s, enum session_state state)
{
	s->at = s->request.offset;
	s->left = s->request.length;
	s->worked_pages = 0;
	set_state(s, state);
}

static bool is_late(const struct session *s)
{
	uint16_t type = s->request.type;

	return s->late && (type == NBD_CMD_READ || type == NBD_CMD_WRITE || type == NBD_CMD_TRIM ||
	                   type == NBD_CMD_WRITE_ZEROES);
}

/* The backend is to answer it. */
static void begin_late(struct session *s)
{
	const struct request *r = &s->request;
	uint32_t error = late_begin(s->late, r, s->terms.structured);

	if (error)
		owe_chunks(s, error); /* a READ that must not be cut */
	else
		session_begin(s, r->type == NBD_CMD_WRITE ? SESSION_PAYLOAD : SESSION_CUT);
}

static void carry_out(struct session *s)
{
	const struct request *r = &s->request;
	uint32_t error = s->ending ? NBD_ESHUTDOWN
	                           : request_check(r, &s->terms, s->client->read_only);

	s->error = error;
	s->refused = error != NBD_OK;
	if (r->type == NBD_CMD_READ && !error && s->client->ops->reads)
		s->client->ops->reads(s->client, r->length);
	if (r->type == NBD_CMD_DISC) {
		set_state(s, SESSION_ENDING);
	} else if (!error && is_late(s)) {
		begin_late(s);
	} else if (r->type == NBD_CMD_WRITE) {
		/* A refused payload is read all the same, if it is of a size
		 * that we ever agreed to. */
		if (r->length > TERMS_REQUEST_BYTES)
			break_off(s, "a WRITE larger than allowed");
		else if (r->length)
			session_begin(s, SESSION_PAYLOAD);
		else
			owe(s, error, 0);
	} else if (in_chunks(s)) {
		spend(s, r->type == NBD_CMD_READ ? REQUEST_READ_PAGES : REQUEST_STATUS_PAGES);
		owe_chunks(s, error);
	} else if (error) {
		owe(s, error, 0);
	} else if (r->type == NBD_CMD_TRIM || r->type == NBD_CMD_WRITE_ZEROES) {
		session_begin(s, SESSION_ERASE);
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
	size_t beyond = (s->at + len) % PAGE_BYTES;
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

	if (n && !s->refused && s->client->ops->put(s->client, s->at, n, in) < 0)
		s->error = put_error();
	s->at += n;
	s->left -= n;
	if (s->left == 0 && s->client->zeros) {
		s->client->zeros = false;
		session_begin(s, SESSION_ERASE);
	} else if (s->left == 0) {
		set_state(s, SESSION_REQUEST);
		owe(s, s->error, 0);
	}
	return n;
}

/* The same for a backend that answers later: it is put when all of a part has arrived. */
static size_t feed_late(struct session *s, const uint8_t *in, size_t len)
{
	size_t n = late_fill(s->late, in, len < s->left ? len : (size_t)s->left);

	s->left -= n;
	if (s->left == 0)
		set_state(s, SESSION_REQUEST);
	return n;
}

/* Can it take the next request? */
static bool is_ready(const struct session *s)
{
	return s->state == SESSION_REQUEST && !session_full(s) && s->turn && !session_waits(s);
}

/* Must the next request, R, wait? It is counted if not. */
static bool throttled(struct session *s, const struct request *r)
{
	bool moves = (r->type == NBD_CMD_READ || r->type == NBD_CMD_WRITE) &&
	             r->length <= TERMS_REQUEST_BYTES;

	s->wait_ns = s->client->ops->pace ? s->client->ops->pace(s->client, 1, moves ? r->length : 0) : 0;
	return s->wait_ns > 0;
}

size_t session_feed(struct session *s, const uint8_t *in, size_t len)
{
	size_t used = 0;

	s->wait_ns = 0;
	for (;;) {
		if (s->state == SESSION_PAYLOAD) {
			bool late = s->late && !s->refused;
			size_t n = used == len ? 0
			           : late      ? feed_late(s, in + used, len - used)
			                       : feed_payload(s, in + used, len - used);
			if (n == 0)
				return used;
			used += n;
		} else if (s->state == SESSION_CUT) {
			if (!late_cut(s->late))
				return used;
			set_state(s, SESSION_REQUEST);
		} else if (is_ready(s) && len - used >= NBD_REQUEST_BYTES) {
			if (request_parse(&s->request, in + used) < 0) {
				break_off(s, "a request without its magic number");
				return used;
			}
			if (!s->ending && throttled(s, &s->request))
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

	struct client *c = s->client;

	if (c->ops->enter(c) < 0)
		return -1;
	while (pages < max && s->left) {
		/* To a page's end: between two turns no page is half erased. */
		uint64_t n = FILL_BYTES - s->at % PAGE_BYTES;

		if (n > s->left)
			n = s->left;
		if (c->ops->fill(c, s->at, (size_t)n) < 0)
			s->error = put_error();
		s->at += n;
		s->left -= n;
		pages += (n + PAGE_BYTES - 1) / PAGE_BYTES;
	}
	c->ops->exit(c);
	return (int64_t)pages;
}

static int64_t flush(struct session *s, uint64_t max)
{
	uint64_t session_begin = s->at, end = session_begin + s->left;
	int64_t pages = s->client->ops->erase(s->client, &s->at, end, max);

	s->left = end - s->at;
	return pages < 0 ? -1 : pages + (int64_t)((s->at - session_begin) >> PAGE_SHIFT) /
	                                    REQUEST_LOOKED_PAGES;
}

/* A WRITE's pages that are there are zeros now: they need not be. Its data is in place, so
 * this comes to nothing but memory. */
static int64_t settle(struct session *s, uint64_t max)
{
	uint64_t end = s->at + s->left;
	int64_t pages = s->client->ops->settle(s->client, &s->at, end, max);

	s->left = end - s->at;
	return pages;
}

static uint64_t further_turns(uint64_t pages)
{
	return pages ? (pages - 1) / REQUEST_TURN_PAGES : 0;
}

/* What it has done is counted: zeros as bytes, and each turn's work after the first as a
 * request, for so much it keeps others waiting. */
static void count_work(struct session *s, uint64_t pages, uint64_t bytes)
{
	uint64_t before = further_turns(s->worked_pages);

	s->worked_pages += pages;
	if (s->client->ops->charge)
		s->client->ops->charge(s->client, further_turns(s->worked_pages) - before, bytes);
}

int session_erase(struct session *s, uint64_t *turn)
{
	bool settles = s->request.type == NBD_CMD_WRITE; /* and was counted */
	bool fills = s->request.flags & NBD_CMD_FLAG_NO_HOLE;
	uint64_t from = s->at;

	s->wait_ns = settles || !s->client->ops->pace ? 0 : s->client->ops->pace(s->client, 0, 0);
	if (s->wait_ns)
		return 0;
	int64_t pages = settles ? settle(s, *turn) : fills ? fill(s, *turn) : flush(s, *turn);

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
	if (!settles)
		count_work(s, (uint64_t)pages, fills ? s->at - from : 0);
	*turn = *turn > (uint64_t)pages ? *turn - (uint64_t)pages : 0;
	if (s->left == 0) {
		set_state(s, SESSION_REQUEST);
		owe(s, s->error, 0);
	}
	return 0;
}
