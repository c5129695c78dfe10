/* SPDX-License-Identifier: BSD-2-Clause */
/* The transmission phase against a model of it. Input: a byte of switches, the
 * pages that are lent, the cuts, then steps: requests in short, which are written
 * out, cut and fed; bytes as they are; replies that are taken. */
#include "door.h"
#include "lend.h"
#include "member.h"
#include "session.h"

#include "fuzz.h"
#include "model.h"
#include "nbd.h"

/* Bytes that one input may come to: said, and asked for. */
#define WIRE_MAX  (512u << 10)
#define WORK_MAX  (2u << 20)
#define SAID_MAX  20000

enum { STRUCTURED = 1, CONTEXTS = 2, THIN = 4, LOOKER = 8 }; /* switches */
enum step { RAW = 8, UNKNOWN, TAKE, AGAIN, STOP_WRITING, FENCE, TURN };      /* above commands */

/* What was said and is not consumed: a request, or bytes without a sense. */
struct said {
	struct ask ask;
	size_t header, payload; /* bytes left of them */
	bool refused, raw;
};

struct drive {
	struct model m;
	struct pools pools;
	struct member me, other;
	struct session s;
	struct cuts cuts;
	struct said said[SAID_MAX];
	size_t first, last;
	size_t len;          /* of the stream: said so far */
	size_t at, arrived;  /* what was consumed, what the session may see */
	size_t work;         /* bytes that were asked for */
	uint64_t cookie, turn, erased;
	bool wild;           /* the model knows no more what comes */
	bool over, fenced;   /* it must end now; it has */
};

static struct drive d;
static uint8_t stream[WIRE_MAX];
static uint8_t payload[3][WIRE_MAX + 256]; /* no zeros, zeros, stretches of both */

static const uint8_t *payload_of(uint64_t cookie)
{
	return payload[cookie % 3] + (cookie & 0xff);
}

static void fence(struct client *c, const char *why)
{
	(void)c, (void)why;
	d.fenced = true;
}

static void begin(struct input *in)
{
	unsigned switches = (unsigned)take(in, 1), lent = (unsigned)take(in, 1);
	char words[WORDS_MAX];

	memset(&d, 0, offsetof(struct drive, said));
	memset(&d.first, 0, sizeof d - offsetof(struct drive, first));
	d.cuts = take_cuts(in);
	d.turn = MODEL_PAGES;
	d.me.client = d.other.client = (struct client){ .ops = door_to(NULL).ops, .hang_up = fence };
	d.m.structured = switches & STRUCTURED;
	d.m.contexts = d.m.structured && switches & CONTEXTS;
	d.m.read_only = switches & LOOKER;
	d.m.lent = switches & THIN ? lent % MODEL_PAGES + 1 : MODEL_PAGES;
	pools_init(&d.pools, (uint64_t)d.m.lent * PAGE_BYTES);
	must(pool_add(&d.pools, &(struct pool_spec){ .name = "p", .size = MODEL_BYTES,
	                                             .thin = switches & THIN }, words) == 0);
	member_join(&d.me, pool_find(&d.pools, "p"));
	d.me.client.read_only = d.m.read_only;
	session_start(&d.s, &d.me.client, &(struct terms){
	              .size = MODEL_BYTES, .structured = d.m.structured,
	              .contexts = d.m.contexts ? CONTEXT_ALLOCATION : 0 });
}

static void take_replies(size_t max)
{
	static struct gather g;

	if (d.fenced || !replies_owed(&d.s.replies))
		return;
	must(member_enter(&d.me) == 0);
	replies_gather(&d.s.replies, &d.me.client, &g);
	must(g.vectors && g.vectors <= GATHER_VECTORS && g.bytes);
	max = max < g.bytes ? max : g.bytes;
	for (size_t i = 0, left = max, n; i < g.vectors; i++, left -= n) {
		must(g.vector[i].iov_len);
		n = g.vector[i].iov_len < left ? g.vector[i].iov_len : left;
		if (n && !d.wild)
			model_hear(&d.m, g.vector[i].iov_base, n);
	}
	member_exit(&d.me);
	replies_sent(&d.s.replies, max);
}

/* N bytes of a WRITE's payload were put, or passed over. */
static void model_payload(struct said *said, size_t n)
{
	const struct ask *a = &said->ask;
	uint64_t at = a->offset + a->length - said->payload;
	const uint8_t *data = payload_of(a->cookie) + (a->length - said->payload);
	uint32_t error;

	said->payload -= n;
	if (said->refused)
		return;
	must(!said->payload || (at + n) % PAGE_BYTES == 0); /* never half a page */
	error = d.m.read_only ? NBD_EPERM : model_put(&d.m, at, n, data);
	if (error)
		model_fail(&d.m, error);
}

static void model_header(struct said *said)
{
	const struct ask *a = &said->ask;
	uint32_t error = model_judge(&d.m, a);

	d.over = a->type == DISC || (a->type == WRITE && a->length > TERMS_REQUEST_BYTES);
	if (!d.over)
		model_owe(&d.m, a, error);
	said->refused = error;
	d.erased = a->offset;
}

/* The session consumed USED bytes: so does the model. */
static void model_consume(size_t used)
{
	while (used && !d.wild) {
		struct said *said = &d.said[d.first];
		size_t n;

		must(d.first < d.last);
		if (said->raw) {
			d.wild = true;
		} else if (said->header) {
			must(used >= said->header); /* whole or not at all */
			used -= said->header;
			said->header = 0;
			model_header(said);
		} else {
			n = used < said->payload ? used : said->payload;
			model_payload(said, n);
			used -= n;
		}
		d.first += !said->header && !said->payload;
	}
}

static void erase(void)
{
	const struct ask ask = { d.s.request.flags, d.s.request.type, d.s.request.cookie,
	                         d.s.request.offset, d.s.request.length };
	uint64_t turn = d.turn, to;
	int r = session_erase(&d.s, &turn);
	uint32_t error = d.m.read_only ? NBD_EPERM : 0;

	must((r < 0) == d.fenced && turn <= d.turn);
	to = d.s.state == SESSION_ERASE ? d.s.at : ask.offset + ask.length;
	if (d.fenced || d.wild)
		return;
	must(to >= d.erased && (to % PAGE_BYTES == 0 || to == ask.offset + ask.length));
	if (ask.type == WRITE) {
		model_settle(&d.m, d.erased, to);
		error = 0;
	} else if (!error && ask.flags & NO_HOLE) {
		error = model_put(&d.m, d.erased, to - d.erased, NULL);
	} else if (!error) {
		model_erase(&d.m, d.erased, to);
	}
	if (error)
		model_fail(&d.m, error);
	d.erased = to;
}

static bool ended(void)
{
	return d.fenced || d.s.state == SESSION_ENDING || d.s.state == SESSION_BROKEN;
}

/* All that arrived, as conn.c does it. */
static void feed(void)
{
	for (bool more = true; more && !ended(); ) {
		if (d.s.state == SESSION_ERASE) {
			erase();
			continue;
		}
		uint8_t *block = copy_of(stream + d.at, d.arrived - d.at);
		must(member_enter(&d.me) == 0);
		size_t used = session_feed(&d.s, block, d.arrived - d.at);
		member_exit(&d.me);
		free(block);
		must(used <= d.arrived - d.at);
		d.at += used;
		model_consume(used);
		must(d.wild || d.over == ended() || d.said[d.first].raw);
		more = used || d.s.state == SESSION_ERASE || session_full(&d.s);
		if (session_full(&d.s))
			take_replies(SIZE_MAX);
	}
	if (!ended())
		must(d.arrived - d.at < REQUEST_KEEP_BYTES);
}

/* Cut off what the next cuts say. */
static void arrive(void)
{
	while (!ended() && d.arrived < d.len) {
		unsigned c = d.cuts.lengths ? d.cuts.length[d.cuts.next % d.cuts.lengths] : 0;
		size_t left = d.len - d.arrived, n = c ? 15 + c * c / 4 + c % 2 : left;

		if (n > left)
			return;
		d.cuts.next++;
		d.arrived += n;
		feed();
	}
}

static void say(const struct ask *ask)
{
	size_t bytes = ask->type == WRITE && ask->length <= TERMS_REQUEST_BYTES ? ask->length : 0;
	uint8_t *p;

	if (d.len + NBD_REQUEST_BYTES + bytes > WIRE_MAX || d.work > WORK_MAX ||
	    d.last == SAID_MAX)
		return;
	d.work += ask->length <= MODEL_BYTES ? ask->length : 0;
	d.said[d.last] = (struct said){ .ask = *ask, .header = NBD_REQUEST_BYTES, .payload = bytes };
	d.said[d.last++].ask.cookie = ++d.cookie;
	p = stream + d.len;
	store32(p, NBD_REQUEST_MAGIC);
	store16(p + 4, ask->flags);
	store16(p + 6, ask->type);
	store64(p + 8, d.cookie);
	store64(p + 16, ask->offset);
	store32(p + 24, ask->length);
	memcpy(p + NBD_REQUEST_BYTES, payload_of(d.cookie), bytes);
	d.len += NBD_REQUEST_BYTES + bytes;
	arrive();
}

static void say_raw(struct input *in)
{
	size_t n = take(in, 1);

	n = n < in->len ? n : in->len;
	if (!n || d.len + n > WIRE_MAX || d.last == SAID_MAX)
		return;
	d.said[d.last++] = (struct said){ .raw = true };
	memcpy(stream + d.len, in->data, n);
	d.len += n;
	take(in, n);
	arrive();
}

/* Bits of WHAT say which fields are in full. */
static struct ask take_ask(struct input *in, unsigned what)
{
	struct ask ask = { .type = what & 15 };
	unsigned n;

	if (ask.type == UNKNOWN)
		ask.type = (uint16_t)take(in, 2);
	if (what & 16)
		ask.flags = (uint16_t)take(in, what & 32 ? 2 : 1);
	if (what & 64) {
		ask.offset = take(in, 8);
	} else {
		n = (unsigned)take(in, 1);
		ask.offset = (uint64_t)(n % 64) * PAGE_BYTES;
		if (n & 128)
			ask.offset += (uint64_t)(int64_t)(int8_t)take(in, 1);
	}
	if (what & 128) {
		ask.length = (uint32_t)take(in, 4);
	} else if (ask.type != FLUSH) {
		n = (unsigned)take(in, 1);
		ask.length = n & 128 ? ((n & 127) + 1) * PAGE_BYTES : (n + 1) * 37;
	}
	if (ask.type == FLUSH && !(what & 64))
		ask.offset = 0;
	return ask;
}

static void other_claims(void)
{
	char words[WORDS_MAX];

	must(member_claim(&d.other, d.me.pool, "other", false, words) == 0);
	must(d.fenced && member_enter(&d.me) < 0);
	if (d.s.state == SESSION_ERASE)
		erase();
}

static void step(struct input *in, struct ask *before)
{
	unsigned what = (unsigned)take(in, 1), n;

	switch (what & 15) {
	case RAW:
		say_raw(in);
		break;
	case TAKE:
		take_replies(take(in, 2));
		break;
	case AGAIN:
		for (n = (unsigned)take(in, 1); n && !ended(); n--)
			say(before);
		break;
	case STOP_WRITING: /* as when the pool's owner comes back */
		d.me.client.read_only = d.m.read_only = true;
		break;
	case FENCE:
		other_claims();
		break;
	case TURN:
		d.turn = take(in, 1) + 1;
		break;
	default:
		*before = take_ask(in, what);
		say(before);
	}
}

/* All is answered but a WRITE whose payload did not come, and the pages are right. */
static void end(void)
{
	size_t open = d.s.state == SESSION_PAYLOAD;

	while (!d.fenced && replies_owed(&d.s.replies))
		take_replies(SIZE_MAX);
	must(atomic_load(&d.me.pool->used_pages) <= d.m.lent);
	if (!d.wild && !d.fenced) {
		must(d.m.owed_len - d.m.owed_first == open && !d.m.heard);
		must(atomic_load(&d.me.pool->used_pages) ==
		     (unsigned)__builtin_popcountll(d.m.present));
		must(d.s.replies.bytes.len == d.s.replies.bytes_taken);
	}
	member_leave(&d.me);
	member_leave(&d.other);
	session_free(&d.s);
	pools_free(&d.pools);
	model_free(&d.m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data, len };
	struct ask before = { .type = READ, .length = PAGE_BYTES };

	for (size_t i = payload[0][0] ? sizeof payload[0] : 0; i < sizeof payload[0]; i++) {
		payload[0][i] = (uint8_t)(i * 2654435761u >> 13 | 1);
		payload[2][i] = i / 3000 % 3 ? 0 : payload[0][i];
	}
	begin(&in);
	while (in.len && !ended())
		step(&in, &before);
	d.cuts.lengths = 0;
	arrive();
	end();
	return 0;
}
