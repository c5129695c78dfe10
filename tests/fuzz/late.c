/* SPDX-License-Identifier: BSD-2-Clause */
/* The transmission phase where answers come late: the NBD face's door, three clients, and an owner who answers when
 * the input says so, in that order, and sometimes with an error. Input: switches, depth, then steps. A byte that
 * nobody was changing while it was read is what was written last; every request is answered once; all room comes back. */
#include <errno.h>

#include "log.h"
#include "nbd_door.h"

#include "late_model.h"

#define WORK_MAX (8u << 20)

enum step { RAW = 8, ANSWER, TAKE, DIE, JOIN, CUT, ALL };
enum { STRUCTURED = 1, ERRORS = 2, FORCE = 4 };

static struct {
	struct nbd_door door;
	struct face face;
	struct backend backend;
	struct guest guest[CLIENTS];
	struct face_request *out[FACE_DEPTH_MAX + 1];
	unsigned outs;
	uint8_t memory[BYTES];
	struct asked orphan[CLIENTS * ASKED * 8];
	unsigned orphans;
	uint64_t cookie, work;
	bool errors;
} d;

/* Another host has the device, and nothing of the one before. */
static void look_at_owner(void)
{
	if (k.epoch == d.door.ownership.term)
		return;
	k.epoch = d.door.ownership.term;
	k.now++;
	for (uint64_t i = 0; i < BYTES; i++) {
		k.value[i] = 0;
		k.unknown[i] = k.mixed[i] = k.pending[i] > 0;
		k.changed[i] = k.now;
	}
	k.now++;
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
		must(g->wild || d.errors || k.epoch);
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
				must(d.errors || k.epoch);
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
	a.now = ++k.now;
	k.now++;
	a.epoch = k.epoch;
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
	memset(&k, 0, sizeof k);
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
