/* SPDX-License-Identifier: BSD-2-Clause */
/* Clock, events and dice, and the life of a world from its seed on. */
#include "sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFERS    48u
#define COMMANDS   100000u  /* in a row: it would never end */
#define STILL      20000u   /* steps without time passing: it spins */
#define CALM_MS    400000   /* in which all heals at the end */

struct core core;
struct map map;
struct buffers *buffers;
struct seal *seal;
int64_t now;

static uint64_t seed;
static int64_t jumped_ms;

/* ---- dice: splitmix64 */

uint64_t dice(uint64_t below)
{
	uint64_t z = (seed += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (z ^ (z >> 31)) % below;
}

bool chance(unsigned one_in)
{
	return dice(one_in) == 0;
}

int64_t time_between(int64_t least, int64_t most)
{
	uint64_t span = most > least ? (uint64_t)(most - least) : 0;

	while (span > 4 && chance(2))
		span /= 4;
	return least + (int64_t)dice(span + 1);
}

/* ---- events: a heap; of those that are due at once any may be first */

static struct event {
	int64_t at;
	uint64_t order;
	void (*what)(unsigned);
	unsigned argument;
} *heap;
static size_t events, room;

static bool before(const struct event *a, const struct event *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void event_at(int64_t when, void (*what)(unsigned), unsigned argument)
{
	struct event e = { when, dice(UINT64_MAX), what, argument };
	size_t i = events++;

	if (events > room) {
		room = room ? room * 2 : 1024;
		heap = realloc(heap, room * sizeof *heap);
		if (!heap)
			fail("the simulator has no memory");
	}
	for (; i && before(&e, &heap[(i - 1) / 2]); i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = e;
}

static struct event event_next(void)
{
	struct event first = heap[0], last = heap[--events];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < events) {
		if (child + 1 < events && before(&heap[child + 1], &heap[child]))
			child++;
		if (!before(&heap[child], &last))
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = last;
	return first;
}

void now_jumps(int64_t ms)
{
	now += ms;
	jumped_ms += ms + 2 * config.still; /* as much more are operations excused for */
}

void stalled(int64_t ms) { jumped_ms += ms; }
int64_t jumped(void) { return jumped_ms; }

/* ---- what the core commands */

static void connect_link(unsigned link_no)
{
	if (link_no < config.lenders)
		net_connect(link_no);
	else
		disk_connect();
}

static void close_link(unsigned link_no)
{
	if (link_no < config.lenders)
		net_close(link_no);
	else
		disk_close();
}

static void send_ask(struct ask *a)
{
	if (a->kind == ASK_PUT)
		stats.count[PATH_ASK_PUT] += a->pages;
	else if (a->kind == ASK_GET)
		stats.count[PATH_ASK_GET] += a->pages;
	else
		HAPPENED(ASK_DISCARD);
	TRACE("link %u: %s %llu+%u", a->link_no, (const char *[]){ "put", "get", "flush" }[a->kind],
	      (unsigned long long)a->page, a->pages);
	if (a->kind != ASK_DISCARD &&
	    (!a->buffer || !a->buffer->holds || a->data < a->buffer->data ||
	     a->data + a->pages * PAGE_BYTES > a->buffer->data + BUFFER_BYTES))
		fail("an ask does not lie in a buffer that is held");
	if (a->link_no < config.lenders)
		net_send(a);
	else
		disk_send(a);
}

void obey(void)
{
	struct command command;

	for (unsigned n = 0; core_next(&core, &command, now); n++) {
		if (n == COMMANDS)
			fail("the core's commands do not end");
		switch (command.kind) {
		case COMMAND_CONNECT: connect_link(command.link_no); break;
		case COMMAND_CLOSE: close_link(command.link_no); break;
		case COMMAND_SEND: send_ask(command.ask); break;
		case COMMAND_CHECK: caller_check(command.op); break;
		case COMMAND_DONE: caller_done(command.op); break;
		}
	}
}

/* ---- the background thread's memory; blocks are kept for the next world */

static void *block[EXTENTS + BLOCKS_READY];
static unsigned blocks;
static bool giving;

static void give(unsigned unused)
{
	(void)unused;
	giving = false;
	if (faults_no_chunks() || !map_wants(&map))
		return;
	core_give(&core, blocks ? block[--blocks] : record_block_new(), now);
}

static void keep(void *one)
{
	if (!one)
		return;
	memset(one, 0, BLOCK_BYTES);
	if (blocks < sizeof block / sizeof *block)
		block[blocks++] = one;
	else
		record_block_free(one);
}

static void keep_chunks(void)
{
	for (uint64_t i = 0; i < map.blocks; i++) {
		keep(map.block[i].record);
		map.block[i].record = NULL;
	}
	while (map.readies)
		keep(map.ready[--map.readies]);
}

/* ---- a life */

static void step(void)
{
	static unsigned still;
	static int64_t last;
	int64_t wake = core_wake_at(&core, true);
	int64_t at = events && heap[0].at < wake ? heap[0].at : wake;

	if (at == CORE_NEVER)
		fail("nothing is going to happen, and callers wait");
	if (at > now)
		now = at + (chance(8) ? (int64_t)dice(5) : 0); /* the host was busy */
	still = now > last ? 0 : still + 1;
	last = now;
	if (still > STILL)
		fail("it spins");
	do {
		if (events && heap[0].at <= now) {
			struct event e = event_next();

			e.what(e.argument);
		}
	} while (events && heap[0].at <= now && chance(2));
	if (chance(4)) { /* before what is to be sent is */
		now += (int64_t)dice(3);
		core_tick(&core, now);
	}
	obey();
	if (core_wake_at(&core, true) <= now || chance(2)) {
		core_tick(&core, now);
		obey();
	}
	if (chance(16))
		audit_places();
	if (map_wants(&map) && !giving && !faults_no_chunks()) {
		giving = true;
		event_at(now + (int64_t)dice(4), give, 0);
	}
}

static bool asked(void)
{
	for (unsigned link_no = 0; link_no < core.o.links; link_no++)
		if (core.peer[link_no].asks)
			return true;
	return core.heal.busy;
}

/* Who does not come back is replaced, which does not wait for callers. */
static bool healing_alone(void)
{
	return config.mode == LIVENESS && config.for_good && !faults_healed();
}

/* Trouble is over, everybody is back: it all heals. */
static void calm(void)
{
	int64_t end = now + CALM_MS;

	TRACE("all is well from here on");
	faults_end();
	obey();
	while (now < end && (callers_busy() || !faults_healed() || asked()))
		step();
	if (callers_busy())
		fail("callers wait, and all is well");
}

static void read_all(void)
{
	for (unsigned spot = 0; spot < SPOTS; spot++) {
		bool head = spot % SPOTS_OF < HEAD;

		if (spot % SPOTS_OF % HEAD)
			continue;
		for (unsigned n = head ? HEAD : TAIL, at = 0; at < n; at += TAIL) {
			caller_get(0, spot_page(spot) + at, TAIL);
			obey();
			while (callers_busy())
				step();
		}
	}
}

static void count(void)
{
	const struct core_counts *n = &core.counts;

	stats.seeds++;
	stats.count[PATH_HEDGED] += n->hedges;
	stats.count[PATH_HEALED] += n->healed_pages;
	stats.count[PATH_SPILLED] += n->spilled_pages;
	stats.count[PATH_BAD] += n->bad_pages;
	stats.count[PATH_MEMORY_LOST] += n->lost_memories;
	stats.count[PATH_GONE] += n->usurped;
	stats.count[PATH_MINUTES] += (uint64_t)now / 60000;
}

/* One seal of each kind, and its buffers, for all worlds. What is not built in cannot be
 * tried. */
static void take_seal(void)
{
	static struct buffers all_buffers[SEAL_OFF + 1];
	static struct seal *all_seals[SEAL_OFF + 1];
	enum seal_kind kind = config.seal;

	while (!all_seals[kind]) {
		all_seals[kind] = seal_open(kind);
		if (all_seals[kind] && buffers_open(&all_buffers[kind], BUFFERS, all_seals[kind]) < 0)
			fail("no buffers: %m");
		if (!all_seals[kind] && (kind == SEAL_OFF || errno != ENOTSUP))
			fail("no seal: %m");
		if (!all_seals[kind])
			kind = SEAL_OFF;
	}
	config.seal = kind;
	buffers = &all_buffers[kind];
	seal = all_seals[kind];
}

static void op_steps(const struct op *op, enum op_state to)
{
	static const char *const kinds[] = { "put", "fill", "get", "heal" };
	static const char *const states[] = { "new", "queued", "active", "came", "check", "ended", "done" };

	TRACE("    %s %llu+%u: %s -> %s", kinds[op->kind], (unsigned long long)op->page, op->pages,
	      states[op->state], states[to]);
	if (to == OP_ENDED && op->kind != OP_HEAL)
		caller_ends(op);
}

static void trace_peer(unsigned link_no, enum peer_state from, enum peer_state to)
{
	static const char *const states[] = { "down", "connecting", "up", "stuck", "gone", "retired" };

	TRACE("    link %u: %s -> %s", link_no, states[from], states[to]);
}

static void begin(uint64_t from, enum mode mode)
{
	seed = from * 2 + mode;
	now = 1000000;
	jumped_ms = 0;
	events = 0;
	giving = false;
	config_throw(mode);
	take_seal();
	net_reset();
	lenders_reset();
	disk_reset();
	model_reset();
	callers_reset();
	if (map_open(&map, DEVICE) < 0 ||
	    core_open(&core, &(struct core_options){
		    .links = config.lenders + config.spill,
		    .spill = config.spill,
		    .copies = config.copies,
		    .same_lender = config.same_lender,
		    .deadline_ms = config.deadline,
		    .link_timeout_ms = config.link_timeout,
		    .stall_ms = config.still,
		    .heal_pages = config.heal_pages,
		    .seed = 1 + dice(UINT64_MAX - 1),
		    .op_steps = op_steps,
		    .peer_steps = trace_peer,
	    }, &map, buffers) < 0)
		fail("the core could not be opened");
	core.heal.waiter = &core;
}

void sim_run(uint64_t from, enum mode mode)
{
	begin(from, mode);
	TRACE("%u lenders, %u copies, %sspill, %u callers, deadline %lld, link timeout %lld, seal %d",
	      config.lenders, config.copies, config.spill ? "" : "no ", config.callers,
	      (long long)config.deadline, (long long)config.link_timeout, (int)config.seal);
	faults_begin();
	callers_begin();
	while (!callers_over() || healing_alone())
		step();
	calm();
	if (faults_healed()) {
		HAPPENED(HEALTHY);
		audit();
	} else if (config.mode == LIVENESS) {
		fail("all is well, and %llu pages are not healed",
		     (unsigned long long)core_unhealed(&core));
	} else {
		audit_rest();
	}
	read_all();
	for (int64_t end = now + CALM_MS; now < end && asked();)
		step();
	audit_held();
	count();
	core_close(&core);
	keep_chunks();
	map_close(&map);
}
