/* SPDX-License-Identifier: BSD-2-Clause */
/* The core in a world by dice: a lender that refuses, hangs, restarts with or
 * without its memory, a link that breaks at any moment, what was sent on it
 * landing late. Never a wrong byte, and everything ends in time. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>

#include "core.h"

#define PAGE_BYTES 4096
#define PAGES      24u
#define RUN_MAX    4u
#define CALLERS    10u
#define MESSAGES   64u
#define WORLDS     200u
#define STEPS      5000u

static uint64_t seed;
static int64_t now;
static struct map map;
static struct core c;

/* What a page must read as, by the contract alone. */
static struct { uint64_t value; bool lost; } model[PAGES];

static struct caller {
	struct op op;
	bool busy, refused, sent;
	uint64_t value;      /* of a put's first page; +1 for each further one */
	uint8_t data[RUN_MAX * PAGE_BYTES];
} caller[CALLERS];

static uint64_t lender[PAGES];       /* the values that it holds */
static unsigned memory, link_id;     /* which memory, which connection */
static enum { CLOSED, OPENING, OPEN } link_is;
static int64_t open_at, hangs_until;

/* On its way to the lender, or its answer on the way back: it is all one. */
static struct message {
	struct caller *from;
	unsigned link;       /* 0: none */
	int64_t at;
	enum op_kind kind;
	uint64_t page, pages, value;
} message[MESSAGES];

static struct { unsigned gets, zeros, lost, late, refused, resent, closed, stray; } seen;

static bool chance(uint64_t one_in)
{
	return dice_below(&seed, one_in) == 0;
}

static int64_t max_of(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* A page full of V, as far as is ever looked at. */
static void set_page(uint8_t *page, uint64_t v)
{
	for (size_t at = 0; at < PAGE_BYTES; at += PAGE_BYTES / 4 - 1)
		memcpy(page + (at & ~(size_t)7), &v, sizeof v);
}

static void is_page(const uint8_t *page, uint64_t v)
{
	uint64_t got;

	for (size_t at = 0; at < PAGE_BYTES; at += PAGE_BYTES / 4 - 1) {
		memcpy(&got, page + (at & ~(size_t)7), sizeof got);
		if (got != v)
			fail_msg("a wrong byte: %llu, not %llu", (unsigned long long)got,
			         (unsigned long long)v);
	}
}

static void became_up(void)
{
	char identity[32];
	static unsigned before;

	snprintf(identity, sizeof identity, "memory %u", memory);
	link_is = OPEN;
	/* The claim fences whatever older links had under way. */
	for (size_t i = 0; i < MESSAGES; i++)
		if (message[i].link && message[i].link != link_id)
			message[i].link = 0;
	if (*c.identity && before != memory)
		for (size_t i = 0; i < PAGES; i++)
			model[i].lost |= model[i].value != 0;
	before = memory;
	core_link_up(&c, identity);
}

static void became_down(void)
{
	link_is = CLOSED;
	core_link_down(&c, now);
}

/* The lender carries a message out; an answer comes if the link still stands. */
static void land(struct message *m)
{
	bool heard = link_is == OPEN && m->link == link_id;
	int error = chance(50) ? m->kind == OP_PUT ? ENOSPC : EIO : 0;

	for (uint64_t i = 0; i < m->pages; i++) {
		uint64_t *page = &lender[m->page + i];

		if (m->kind == OP_PUT && (!error || chance(2)))
			*page = m->value + i;
		else if (m->kind == OP_FLUSH && (!error || chance(2)))
			*page = 0;
		else if (m->kind == OP_PUT && chance(2))
			*page = 0;
		else if (m->kind == OP_GET && heard)
			set_page(m->from->data + i * PAGE_BYTES, *page);
	}
	m->link = 0;
	if (!heard) {
		seen.stray++;
		return;
	}
	m->from->refused |= error != 0;
	seen.refused += error != 0;
	core_reply(&c, &m->from->op, error, now);
}

static void do_connect(void)
{
	assert_int_equal(link_is, CLOSED);
	link_is = OPENING;
	link_id++;
	open_at = now + (int64_t)dice_below(&seed, chance(4) ? 2500 : 20);
	if (now >= hangs_until && chance(5))
		became_up();
	else if (chance(10))
		became_down();
}

static void do_send(struct op *op)
{
	struct message *m = NULL;

	assert_int_equal(link_is, OPEN);
	for (size_t i = 0; i < MESSAGES; i++) {
		if (!message[i].link)
			m = &message[i];
		else if (message[i].link == link_id) /* nobody else has its pages */
			assert_true(message[i].page + message[i].pages <= op->page ||
			            op->page + op->pages <= message[i].page);
	}
	assert_non_null(m);
	seen.resent += ((struct caller *)op)->sent;
	((struct caller *)op)->sent = true;
	*m = (struct message){ .from = (struct caller *)op, .link = link_id,
	                       .at = now + (int64_t)dice_below(&seed, chance(20) ? 1500 : 10),
	                       .kind = op->kind, .page = op->page, .pages = op->pages,
	                       .value = ((struct caller *)op)->value };
	if (chance(200))
		became_down();
	else if (now >= hangs_until && chance(8))
		land(m);
}

static void do_done(struct caller *k)
{
	struct op *op = &k->op;
	bool lost = false;

	assert_true(k->busy);
	assert_true(now <= op->deadline);
	for (size_t i = 0; i < MESSAGES; i++) /* its data are the caller's now */
		assert_false(link_is == OPEN && message[i].link == link_id &&
		             message[i].from == k);
	for (uint64_t i = 0; i < op->pages; i++)
		lost |= model[op->page + i].lost;
	/* An error has a reason, and a flush has none. */
	if (op->error) {
		assert_int_not_equal(op->kind, OP_FLUSH);
		assert_true(now == op->deadline || k->refused || (op->kind == OP_GET && lost));
		seen.late += now == op->deadline;
	}
	for (uint64_t i = 0; i < op->pages; i++) {
		uint64_t page = op->page + i;

		if (op->kind == OP_GET && !op->error) {
			assert_false(model[page].lost);
			is_page(k->data + i * PAGE_BYTES, model[page].value);
			seen.gets += model[page].value != 0;
			seen.zeros += model[page].value == 0;
		} else if (op->kind != OP_GET) {
			model[page].lost = op->error != 0;
			model[page].value = op->kind == OP_PUT ? k->value + i : 0;
		}
	}
	seen.lost += op->kind == OP_GET && lost;
	k->busy = false;
}

static void drain(void)
{
	struct command command;

	while (core_next(&c, &command, now)) {
		switch (command.kind) {
		case COMMAND_CONNECT: do_connect(); break;
		case COMMAND_SEND: do_send(command.op); break;
		case COMMAND_DONE: do_done((struct caller *)command.op); break;
		case COMMAND_CLOSE:
			assert_int_not_equal(link_is, CLOSED);
			link_is = CLOSED;
			seen.closed++;
			break;
		}
	}
}

static void begin_one(void)
{
	static uint64_t values;
	struct caller *k = &caller[dice_below(&seed, CALLERS)];

	if (k->busy)
		return;
	k->busy = true;
	k->refused = k->sent = false;
	k->value = values += RUN_MAX;
	k->op = (struct op){ .kind = (enum op_kind)dice_below(&seed, 3), .data = k->data };
	if (k->op.kind == OP_FLUSH && chance(2))
		k->op.kind = OP_GET;
	k->op.pages = 1 + dice_below(&seed, RUN_MAX);
	k->op.page = dice_below(&seed, PAGES - k->op.pages + 1);
	for (uint64_t i = 0; i < k->op.pages; i++)
		set_page(k->data + i * PAGE_BYTES, k->op.kind == OP_PUT ? k->value + i : 999);
	core_start(&c, &k->op, now);
}

static void trouble(void)
{
	if (link_is != CLOSED && chance(60))
		became_down();
	if (chance(300))
		hangs_until = now + (int64_t)dice_below(&seed, 4000);
	/* It restarts empty; or, while nobody of ours is there, another writes. */
	if (chance(400) || (link_is == CLOSED && chance(200))) {
		bool empty = link_is != CLOSED || chance(2);

		memory++;
		for (size_t i = 0; i < MESSAGES && empty; i++)
			message[i].link = 0;
		for (size_t i = 0; i < PAGES; i++)
			lender[i] = empty ? 0 : dice(&seed) | UINT64_C(1) << 63;
		if (link_is != CLOSED)
			became_down();
	}
}

/* On to whatever comes next, and what is due then. */
static void pass(void)
{
	int64_t next = core_wake_at(&c);

	for (size_t i = 0; i < MESSAGES; i++)
		if (message[i].link && max_of(message[i].at, hangs_until) < next)
			next = max_of(message[i].at, hangs_until);
	if (link_is == OPENING && max_of(open_at, hangs_until) < next)
		next = max_of(open_at, hangs_until);
	if (next == CORE_NEVER) {
		for (size_t i = 0; i < CALLERS; i++)
			assert_false(caller[i].busy);
		now++;
		return;
	}
	now = max_of(now, next);
	if (link_is == OPENING && now >= max_of(open_at, hangs_until)) {
		if (chance(4))
			became_down();
		else
			became_up();
		drain();
	}
	for (size_t i = 0; i < MESSAGES; i++)
		if (message[i].link && now >= max_of(message[i].at, hangs_until)) {
			land(&message[i]);
			drain();
		}
	core_tick(&c, now);
}

static void world(uint64_t n)
{
	const struct { int64_t deadline, link_timeout; } times[] = {
		{ 3000, 1000 }, { 1000, 3000 }, { 2000, 2000 }, { 30000, 500 } };

	seed = n;
	now = 0;
	memset(message, 0, sizeof message);
	memset(model, 0, sizeof model);
	memset(lender, 0, sizeof lender);
	link_is = CLOSED;
	link_id = memory = 0;
	hangs_until = 0;
	assert_int_equal(map_open(&map, PAGES), 0);
	core_init(&c, &map, times[n % 4].deadline, times[n % 4].link_timeout);
	for (unsigned step = 0; step < STEPS; step++) {
		if (chance(2))
			begin_one();
		else
			pass();
		drain();
		assert_true(core_wake_at(&c) > now); /* or it would spin */
		trouble();
		drain();
	}
	for (unsigned step = 0; c.queued.tqh_first || c.ready.tqh_first || c.sent.tqh_first;
	     step++) {
		assert_true(step < 100000);
		pass();
		drain();
	}
	map_close(&map);
}

TEST(never_a_wrong_byte_and_all_in_time)
{
	for (uint64_t n = 1; n <= WORLDS; n++)
		world(n);
	print_message("%u pages got, %u zeros, %u gets of lost pages, %u too late, %u refused, "
	              "%u sent again, %u links closed, %u landed late\n", seen.gets, seen.zeros,
	              seen.lost, seen.late, seen.refused, seen.resent, seen.closed, seen.stray);
	/* It has all happened. */
	assert_true(seen.gets > 1000 && seen.zeros > 1000 && seen.lost > 100);
	assert_true(seen.late > 100 && seen.refused > 100 && seen.resent > 100);
	assert_true(seen.closed > 100 && seen.stray > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_a_wrong_byte_and_all_in_time),
	};

	return cmocka_run_group_tests_name("the core by dice", tests, NULL, NULL);
}
