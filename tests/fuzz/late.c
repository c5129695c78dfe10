/* SPDX-License-Identifier: BSD-2-Clause */
/* The transmission phase where answers come late: the NBD face's door, three clients, and an owner who answers when
 * the input says so, in that order, and sometimes with an error. Input: switches, depth, then steps. A byte that
 * nobody was changing while it was read is what was written last; every request is answered once; all room comes back. */
#include <errno.h>

#include "log.h"
#include "nbd_door.h"
#include "session.h"

#include "fuzz.h"
#include "nbd.h"

#define PAGES    68u
#define BYTES    (PAGES * PAGE_BYTES)
#define CLIENTS  3
#define ASKED    256        /* requests of a client that are not answered */
#define SAID_MAX (1u << 19) /* bytes of a client that were not taken */
#define WORK_MAX (8u << 20)

enum { READ, WRITE, DISC, FLUSH, TRIM, CACHE, ZEROES, STATUS };
enum step { RAW = 8, ANSWER, TAKE, DIE, JOIN, CUT, ALL };
enum { STRUCTURED = 1, ERRORS = 2, FORCE = 4 };

struct asked {
	bool busy, change;
	uint16_t type;
	uint64_t cookie, offset, now; /* when it was said */
	uint32_t length, got;
	unsigned epoch;
};

struct guest {
	struct client *client; /* NULL: not here */
	struct session s;
	bool structured, wild, said_disc, stirred;
	uint8_t said[SAID_MAX], heard[384 << 10];
	size_t said_len, heard_len;
	struct asked asked[ASKED];
};

static struct {
	struct nbd_door door;
	struct face face;
	struct backend backend;
	struct guest guest[CLIENTS];
	struct face_request *out[FACE_DEPTH_MAX + 1];
	unsigned outs, epoch;
	uint8_t memory[BYTES];
	struct asked orphan[CLIENTS * ASKED * 8];
	unsigned orphans;
	uint64_t now, cookie, work;
	bool errors;
	/* What is known of each byte. */
	uint8_t value[BYTES], mixed[BYTES], unknown[BYTES];
	uint16_t pending[BYTES];
	uint64_t changed[BYTES];
} d;

static uint8_t byte_of(uint64_t cookie, uint64_t at)
{
	return (uint8_t)(cookie * 37 + at * 11 + (at >> 7)) | 1;
}

/* ---- what is known ---- */

static void change_begins(const struct asked *a)
{
	for (uint64_t i = a->offset; i < a->offset + a->length; i++) {
		d.mixed[i] = d.pending[i] > 0;
		d.pending[i]++;
		d.changed[i] = d.now;
	}
}

static void change_ends(const struct asked *a, bool good)
{
	d.now++;
	for (uint64_t i = a->offset; i < a->offset + a->length; i++) {
		bool sure = good && a->epoch == d.epoch && !d.mixed[i];

		d.pending[i]--;
		if (d.pending[i])
			d.mixed[i] = true;
		d.changed[i] = d.now;
		d.unknown[i] = !sure;
		d.value[i] = a->type == WRITE ? byte_of(a->cookie, i) : 0;
	}
}

static void check_read(const struct asked *a, uint64_t at, const uint8_t *data, size_t n)
{
	must(at >= a->offset && at + n <= a->offset + a->length);
	for (size_t i = 0; i < n; i++)
		if (!d.pending[at + i] && !d.unknown[at + i] && d.changed[at + i] < a->now)
			must(data[i] == d.value[at + i]);
}

/* Another host has the device, and nothing of the one before. */
static void look_at_owner(void)
{
	if (d.epoch == d.door.ownership.term)
		return;
	d.epoch = d.door.ownership.term;
	d.now++;
	for (uint64_t i = 0; i < BYTES; i++) {
		d.value[i] = 0;
		d.unknown[i] = d.mixed[i] = d.pending[i] > 0;
		d.changed[i] = d.now;
	}
	d.now++;
}

/* ---- the owner ---- */

static void submit(void *user, struct face_request *r)
{
	(void)user;
	must(r->pages && r->page < PAGES && r->pages <= PAGES - r->page && d.outs <= FACE_DEPTH_MAX);
	must(r->verb == FACE_FLUSH || (r->pages <= PART_PAGES && (uintptr_t)r->data % PAGE_BYTES == 0));
	d.out[d.outs++] = r;
}

/* In the order of submission for requests of the same page, as farpage_submit() does it. */
static void answer(unsigned i, bool bad)
{
	struct face_request *r = d.out[i];

	for (unsigned j = 0; j < i; j++)
		if (d.out[j]->page < r->page + r->pages && r->page < d.out[j]->page + d.out[j]->pages) {
			answer(j, bad);
			return;
		}
	memmove(&d.out[i], &d.out[i + 1], (--d.outs - i) * sizeof *d.out);
	if (!bad && r->verb == FACE_GET)
		memcpy(r->data, d.memory + r->page * PAGE_BYTES, r->pages * (size_t)PAGE_BYTES);
	else if (!bad && r->verb == FACE_PUT)
		memcpy(d.memory + r->page * PAGE_BYTES, r->data, r->pages * (size_t)PAGE_BYTES);
	else if (!bad)
		memset(d.memory + r->page * PAGE_BYTES, 0, r->pages * (size_t)PAGE_BYTES);
	nbd_door_answer(&d.door, r, bad ? EIO : 0);
}

static void look_at_orphans(void)
{
	if (d.door.spans.begun || !TAILQ_EMPTY(&d.door.held) || d.door.flushing)
		return;
	for (unsigned i = 0; i < d.orphans; i++)
		change_ends(&d.orphan[i], false);
	d.orphans = 0;
}

/* ---- clients ---- */

static void stir(struct client *c)
{
	for (unsigned i = 0; i < CLIENTS; i++)
		if (d.guest[i].client == c)
			d.guest[i].stirred = true;
}

static void hang_up(struct client *c, const char *why)
{
	(void)c, (void)why;
}

static void die(struct guest *g)
{
	if (!g->client)
		return;
	session_free(&g->s);
	g->client->ops->leave(g->client, END_SILENT);
	free(g->client);
	g->client = NULL;
	for (unsigned i = 0; i < ASKED; i++)
		if (g->asked[i].busy && g->asked[i].change) {
			must(d.orphans < sizeof d.orphan / sizeof *d.orphan);
			d.orphan[d.orphans++] = g->asked[i];
		}
	if (g->wild)
		d.orphan[d.orphans++] = (struct asked){ .length = BYTES };
	memset(g->asked, 0, sizeof g->asked);
	look_at_orphans();
}

static void join(struct guest *g, unsigned switches)
{
	const char *name = switches & FORCE ? switches & 8 ? "?claim=b&force" : "?claim=a&force" : "?claim=a";
	struct backend_ask ask = { .name = name, .len = strlen(name) };
	struct backend_answer told;
	struct client *c = calloc(1, d.backend.ops->client_bytes);

	must(c && !g->client);
	*c = (struct client){ .ops = d.backend.ops, .peer = "me", .hang_up = hang_up, .stir = stir };
	if (c->ops->join(&d.backend, c, &ask, &told)) {
		free(c);
		return;
	}
	must(told.size == BYTES);
	g->client = c;
	g->structured = switches & STRUCTURED;
	g->wild = g->said_disc = g->stirred = false;
	g->said_len = g->heard_len = 0;
	session_start(&g->s, c, &(struct terms){ .size = BYTES, .structured = g->structured,
	                                         .contexts = g->structured ? CONTEXT_ALLOCATION : 0 });
}

static struct asked *find(struct guest *g, uint64_t cookie)
{
	for (unsigned i = 0; i < ASKED; i++)
		if (g->asked[i].busy && g->asked[i].cookie == cookie)
			return &g->asked[i];
	must(false); /* a reply to nobody */
	return NULL;
}

static void over(struct asked *a, uint32_t error)
{
	if (a->change)
		change_ends(a, !error);
	else if (a->type == READ && !error)
		must(a->got == a->length);
	a->busy = false;
}

/* A reply at P of N bytes: its length, or 0: there is more to come. */
static size_t hear_simple(struct guest *g, const uint8_t *p, size_t n)
{
	if (n < NBD_SIMPLE_BYTES)
		return 0;
	struct asked *a = find(g, load64(p + 8));
	uint32_t error = load32(p + 4), data = a->type == READ && !error ? a->length : 0;

	must(!g->structured || a->type != READ);
	if (n < NBD_SIMPLE_BYTES + data)
		return 0;
	if (data)
		check_read(a, a->offset, p + NBD_SIMPLE_BYTES, data);
	a->got += data;
	over(a, error);
	return NBD_SIMPLE_BYTES + data;
}

static size_t hear_chunk(struct guest *g, const uint8_t *p, size_t n)
{
	if (n < NBD_CHUNK_BYTES || n < NBD_CHUNK_BYTES + load32(p + 16))
		return 0;
	struct asked *a = find(g, load64(p + 8));
	uint32_t len = load32(p + 16), type = load16(p + 6);

	must(g->structured && (a->type == READ || a->type == STATUS));
	if (type == NBD_CHUNK_DATA) {
		must(a->type == READ && len > 8);
		check_read(a, load64(p + 20), p + 28, len - 8);
		a->got += len - 8;
	} else {
		must(type == NBD_CHUNK_ERROR || type == NBD_CHUNK_STATUS);
	}
	if (load16(p + 4) & NBD_CHUNK_DONE)
		over(a, type == NBD_CHUNK_ERROR);
	return NBD_CHUNK_BYTES + len;
}

static void hear(struct guest *g)
{
	size_t at = 0, n = 1;

	while (n && g->heard_len - at >= 4 && !g->wild) {
		uint32_t magic = load32(g->heard + at);

		must(magic == NBD_SIMPLE_MAGIC || magic == NBD_CHUNK_MAGIC);
		n = magic == NBD_SIMPLE_MAGIC ? hear_simple(g, g->heard + at, g->heard_len - at)
		                              : hear_chunk(g, g->heard + at, g->heard_len - at);
		at += n;
	}
	if (g->wild)
		at = g->heard_len;
	memmove(g->heard, g->heard + at, g->heard_len - at);
	g->heard_len -= at;
}

static void take_replies(struct guest *g, size_t max)
{
	static struct gather gather;
	size_t left, n;

	if (!g->client || !replies_owed(&g->s.replies))
		return;
	must(replies_gather(&g->s.replies, g->client, &gather) == 0 && gather.vectors && gather.bytes);
	if (max > sizeof g->heard - g->heard_len)
		max = sizeof g->heard - g->heard_len;
	left = max = max < gather.bytes ? max : gather.bytes;
	for (unsigned i = 0; i < gather.vectors; i++, left -= n) {
		n = gather.vector[i].iov_len < left ? gather.vector[i].iov_len : left;
		memcpy(g->heard + g->heard_len, gather.vector[i].iov_base, n);
		g->heard_len += n;
	}
	replies_sent(&g->s.replies, max);
	hear(g);
}

static bool hungry(const struct guest *g)
{
	return !session_waits(&g->s) && (!session_full(&g->s) || session_is_within(&g->s));
}

/* As the server does it: at most MAX bytes that were said. */
static void feed(struct guest *g, size_t max)
{
	size_t n = max < g->said_len ? max : g->said_len, used = 0;
	uint8_t *block;

	if (!g->client || g->s.state == SESSION_ENDING)
		return;
	g->s.turn = REQUEST_TURN_PAGES;
	block = copy_of(g->said, n);
	while (hungry(g) && g->s.state < SESSION_ENDING) {
		size_t more = session_feed(&g->s, block + used, n - used);

		used += more;
		if (!more)
			break;
	}
	free(block);
	memmove(g->said, g->said + used, g->said_len - used);
	g->said_len -= used;
	look_at_owner();
	if (g->s.state == SESSION_BROKEN) {
		must(g->wild || d.errors || d.epoch);
		die(g);
	}
	if (g->client && g->s.state == SESSION_ENDING)
		must(g->wild || g->said_disc);
}

/* Until nobody is stirred. */
static void go_round(void)
{
	for (bool again = true; again; ) {
		again = false;
		for (unsigned i = 0; i < CLIENTS; i++) {
			struct guest *g = &d.guest[i];

			if (!g->client || !g->stirred)
				continue;
			again = true;
			g->stirred = false;
			if (!session_stirred(&g->s)) {
				must(d.errors || d.epoch);
				die(g);
			} else {
				feed(g, SIZE_MAX);
			}
		}
	}
	look_at_orphans();
}

static void say(struct guest *g, struct asked a, uint16_t flags)
{
	uint32_t bytes = a.type == WRITE ? a.length : 0;
	bool valid = a.length && a.offset < BYTES && a.length <= BYTES - a.offset;
	struct asked *slot = NULL;
	uint8_t *p = g->said + g->said_len;

	for (unsigned i = 0; i < ASKED && !slot; i++)
		slot = g->asked[i].busy ? NULL : &g->asked[i];
	d.work += a.length <= BYTES ? a.length : 0;
	if (!slot || bytes > BYTES || g->said_len + NBD_REQUEST_BYTES + bytes > SAID_MAX || d.work > WORK_MAX ||
	    g->said_disc)
		return;
	a.cookie = ++d.cookie;
	a.now = ++d.now;
	d.now++;
	a.epoch = d.epoch;
	a.change = valid && !g->wild && (a.type == WRITE || a.type == TRIM || a.type == ZEROES);
	a.busy = a.type != DISC;
	g->said_disc |= a.type == DISC;
	if (a.busy)
		*slot = a;
	if (a.change)
		change_begins(&a);
	store32(p, NBD_REQUEST_MAGIC);
	store16(p + 4, flags);
	store16(p + 6, a.type);
	store64(p + 8, a.cookie);
	store64(p + 16, a.offset);
	store32(p + 24, a.length);
	for (uint32_t i = 0; i < bytes; i++)
		p[NBD_REQUEST_BYTES + i] = byte_of(a.cookie, a.offset + i);
	g->said_len += NBD_REQUEST_BYTES + bytes;
}

static void say_raw(struct guest *g, struct input *in)
{
	size_t n = take(in, 1);

	n = n < in->len ? n : in->len;
	if (g->said_len + n > SAID_MAX)
		return;
	memcpy(g->said + g->said_len, in->data, n);
	g->said_len += n;
	take(in, n);
	/* What it asks from now on is anything. */
	if (n && !g->wild)
		change_begins(&(struct asked){ .length = BYTES });
	g->wild |= n > 0;
}

static void ask(struct guest *g, struct input *in, uint16_t type)
{
	unsigned how = (unsigned)take(in, 1);
	struct asked a = { .type = type, .offset = (how & 127) % PAGES * PAGE_BYTES };
	unsigned n = (unsigned)take(in, 1);

	if (how & 128)
		a.offset += take(in, 2) % (2 * PAGE_BYTES);
	a.length = n & 128 ? ((n & 127) + 1) * PAGE_BYTES : (n + 1) * 97;
	if (n == 255)
		a.length = (uint32_t)take(in, 4);
	if (type == FLUSH)
		a.offset = a.length = 0;
	say(g, a, n == 254 ? (uint16_t)take(in, 2) : type == READ && g->structured && how & 1 ? NBD_CMD_FLAG_DF : 0);
}

/* All that can be answered is, and heard. */
static void drain(void)
{
	bool more = true;

	while (more) {
		more = d.outs > 0;
		while (d.outs)
			answer(d.outs / 2, false);
		for (unsigned i = 0; i < CLIENTS; i++) {
			size_t before = d.guest[i].said_len;

			feed(&d.guest[i], SIZE_MAX);
			more |= d.guest[i].client && (replies_owed(&d.guest[i].s.replies) || before != d.guest[i].said_len);
			take_replies(&d.guest[i], SIZE_MAX);
		}
		go_round();
	}
}

static void step(struct input *in)
{
	unsigned what = (unsigned)take(in, 1);
	struct guest *g = &d.guest[(what >> 4 & 3) % CLIENTS];

	switch (what & 15) {
	case ANSWER:
		if (d.outs)
			answer((unsigned)take(in, 1) % d.outs, d.errors && what & 128);
		break;
	case TAKE:
		take_replies(g, take(in, 2));
		break;
	case DIE:
		die(g);
		break;
	case JOIN:
		if (!g->client)
			join(g, (unsigned)take(in, 1));
		break;
	case CUT:
		feed(g, take(in, 1) * 16);
		break;
	case ALL:
		drain();
		break;
	case RAW:
		if (g->client)
			say_raw(g, in);
		break;
	default:
		if (g->client && (what & 15) <= STATUS)
			ask(g, in, what & 15);
		if (what & 64)
			feed(g, SIZE_MAX);
	}
	go_round();
}

/* Everything that was asked in full is answered, unless it hung up. */
static void settle(void)
{
	for (unsigned i = 0; i < CLIENTS; i++)
		if (d.guest[i].wild)
			die(&d.guest[i]); /* it may have begun what it does not end */
	drain();
	for (unsigned i = 0; i < CLIENTS; i++) {
		struct guest *g = &d.guest[i];

		if (!g->client)
			continue;
		for (unsigned j = 0; j < ASKED; j++)
			must(!g->asked[j].busy);
		must(!g->heard_len && !session_is_awaiting(&g->s));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct face_owner owner = { .submit = submit };
	struct input in = { data, len };
	unsigned switches = (unsigned)take(&in, 1), depth = (unsigned)take(&in, 1) % 12 + 1;
	char words[WORDS_MAX];

	memset(&d, 0, sizeof d);
	log_level = LOG_ERROR;
	d.errors = switches & ERRORS;
	d.face.owner = &owner;
	must(nbd_door_open(&d.door, &d.face, "name", PAGES, depth, words) == 0);
	d.backend = nbd_door_backend(&d.door);
	join(&d.guest[0], switches);
	join(&d.guest[1], switches >> 4);
	while (in.len)
		step(&in);
	settle();
	for (unsigned i = 0; i < CLIENTS; i++)
		die(&d.guest[i]);
	while (d.outs)
		answer(0, false);
	must(d.door.rooms.left == depth && !d.door.spans.begun && TAILQ_EMPTY(&d.door.spans.changes));
	must(TAILQ_EMPTY(&d.door.held) && !d.door.rooms.looked && !d.door.joined);
	must(TAILQ_EMPTY(&d.door.rooms.queue) && TAILQ_EMPTY(&d.door.rooms.over));
	nbd_door_close(&d.door);
	return 0;
}
