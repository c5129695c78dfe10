/* SPDX-License-Identifier: BSD-2-Clause */
/* Callers put, get, fill and flush runs of pages, each one thing at a time, and hold
 * every answer against the model. */
#include "sim.h"

#include <string.h>

struct caller {
	struct op op;
	bool busy;
	bool unsealed;
	bool known;                /* when it ended, its pages had records */
	struct answer answer;      /* what it puts, or fills */
	int64_t started, until, jumped;
	uint32_t opened;
	struct seen seen[RUN_PAGES];
	uint8_t data[BUFFER_BYTES];
};

#define CHECKS_MAX 64u

static struct caller caller[CALLERS_MAX];
static unsigned left;              /* operations to begin */
static int64_t late;               /* the next one's request began so long ago */
static uint64_t values, version;
static struct op *check[CHECKS_MAX];

void callers_reset(void)
{
	for (unsigned i = 0; i < CALLERS_MAX; i++)
		caller[i].busy = false;
	memset(check, 0, sizeof check);
	left = config.ops;
	late = 0;
	values = 0;
	version = 0;
}

bool callers_busy(void)
{
	for (unsigned i = 0; i < config.callers; i++)
		if (caller[i].busy)
			return true;
	return false;
}

bool callers_since_before(int64_t when)
{
	for (unsigned i = 0; i < config.callers; i++)
		if (caller[i].busy && caller[i].started <= when)
			return true;
	return false;
}

bool callers_over(void)
{
	return !left && !callers_busy();
}

struct seen *caller_seen(unsigned i, unsigned spot)
{
	struct caller *k = &caller[i];
	uint64_t at = spot_page(spot) - k->op.page;

	return k->busy && k->op.kind == OP_GET && at < k->op.pages ? &k->seen[at] : NULL;
}

/* ---- beginning */

static const char *kind_words(const struct op *op)
{
	static const char *const words[] = { "put", "fill", "get", "heal" };

	return words[op->kind];
}

static void begin(struct caller *k)
{
	k->busy = true;
	k->started = now;
	k->jumped = jumped();
	k->opened = 0;
	memset(k->seen, 0, sizeof k->seen);
	k->op.waiter = k;
	stats.operations++;
	TRACE("caller %u: %s %llu+%u", (unsigned)(k - caller), kind_words(&k->op),
	      (unsigned long long)k->op.page, k->op.pages);
	k->op.until = k->until = now + config.deadline;
	if (late)
		k->op.until -= late;
	else if (config.mode == SAFETY && faults_seen() && chance(8)) /* the last ones of a long request */
		k->op.until = k->until = now - 5 + (int64_t)dice((uint64_t)config.deadline);
	late = 0;
	core_start(&core, &k->op, now);
	if (k->op.state == OP_QUEUED)
		HAPPENED(QUEUED);
}

/* What is less than all of a request's time is used up, whatever for. */
void callers_were_late(int64_t ms)
{
	late = ms >= config.deadline + config.still ? ms : 0;
}

/* A run within the pages that are ever put. */
static void throw_run(struct op *op)
{
	unsigned extent = (unsigned)dice(EXTENTS), most, at;
	bool head = !chance(4);

	most = head ? HEAD : TAIL;
	op->pages = 1 + (uint32_t)(chance(2) ? 0 : dice(chance(3) ? RUN_PAGES : 8));
	if (op->pages > most)
		op->pages = most;
	at = (unsigned)dice(most - op->pages + 1) + (head ? 0 : HEAD);
	op->page = spot_page(extent * SPOTS_OF + at);
}

/* 0, or which pages could not be sealed; then what was there before is not to be got any more. */
static uint32_t seal_run(struct caller *k)
{
	uint8_t page[PAGE_BYTES] __attribute__((aligned(8)));

	if (config.mode == SAFETY && faults_seen() && chance(500)) {
		HAPPENED(PUT_UNSEALED);
		k->unsealed = true;
		return 1;
	}
	for (uint32_t i = 0; i < k->op.pages; i++) {
		struct record *r = &k->op.record[i];

		page_make(page, k->answer.value + i);
		*r = (struct record){ .state = PAGE_SEALED };
		r->version = seal_version(seal) & ((UINT64_C(1) << VERSION_BITS) - 1);
		if (r->version <= version)
			fail("version %llu after %llu: a nonce is used twice",
			     (unsigned long long)r->version, (unsigned long long)version);
		version = r->version;
		if (sealer_seal(k->op.buffer->sealer, k->op.page + i, r, page,
		                k->op.buffer->data + (size_t)i * PAGE_BYTES) < 0)
			fail("a page could not be sealed");
	}
	return 0;
}

static void throw_put(struct caller *k)
{
	k->unsealed = false;
	k->answer = (struct answer){ IS_VALUE, values + 1 };
	values += k->op.pages;
}

static void throw_fill(struct caller *k)
{
	k->op.kind = OP_FILL;
	k->op.pattern = chance(3) ? values + 77 : 0;
	k->answer = (struct answer){ IS_FILL, k->op.pattern };
	if (chance(12)) { /* all of an extent */
		k->op.page -= k->op.page % EXTENT_PAGES;
		k->op.pages = (uint32_t)(DEVICE - k->op.page < EXTENT_PAGES ? DEVICE - k->op.page
		                                                            : EXTENT_PAGES);
		k->op.pattern = chance(6) ? k->op.pattern : 0;
		k->answer.value = k->op.pattern;
	}
}

static void next(unsigned i)
{
	struct caller *k = &caller[i];
	uint64_t which = dice(100);

	if (!left)
		return;
	k->op = (struct op){ .kind = which < 42 ? OP_PUT : OP_GET };
	throw_run(&k->op);
	if (which >= 82)
		throw_fill(k);
	if (k->op.kind == OP_PUT)
		throw_put(k);
	left--;
	begin(k);
}

static void next_later(unsigned i)
{
	event_at(now + time_between(0, config.think), next, i);
}

void callers_begin(void)
{
	for (unsigned i = 0; i < config.callers; i++)
		next_later(i);
}

void caller_get(unsigned i, uint64_t page, uint32_t pages)
{
	caller[i].op = (struct op){ .kind = OP_GET, .page = page, .pages = pages };
	begin(&caller[i]);
}

/* ---- what comes */

static uint32_t open_run(struct op *op)
{
	struct caller *k = op->kind == OP_GET ? op->waiter : NULL;
	uint8_t scratch[PAGE_BYTES];
	uint32_t bad = 0;

	for (uint32_t at = 0; at < op->pages; at++) {
		uint8_t *out = k ? k->data + (size_t)at * PAGE_BYTES : scratch;

		if (!(op->came & 1u << at))
			continue;
		if (op->record[at].state != PAGE_SEALED || (k && k->opened & 1u << at))
			fail("page %llu is not to be opened", (unsigned long long)op->page + at);
		if (sealer_open_page(op->buffer->sealer, op->page + at, &op->record[at],
		                     op->buffer->data + (size_t)at * PAGE_BYTES, out) < 0)
			bad |= 1u << at;
		else if (k)
			k->opened |= 1u << at;
	}
	if (bad)
		HAPPENED(CHECK_BAD);
	return bad;
}

static void checked(unsigned i)
{
	struct op *op = check[i];
	uint32_t bad;

	check[i] = NULL;
	if (op->state != OP_CHECK)
		fail("the core went on with what is being checked");
	bad = op->kind == OP_PUT ? seal_run(op->waiter) : open_run(op);
	TRACE("checked %s %llu+%u: came %x, bad %x", kind_words(op),
	      (unsigned long long)op->page, op->pages, op->came, bad);
	core_checked(&core, op, bad, now);
}

/* It is not the core's thread that opens pages: other things happen meanwhile. */
void caller_check(struct op *op)
{
	unsigned i = 0;

	HAPPENED(CHECK);
	if (op->kind == OP_HEAL)
		HAPPENED(CHECK_HEAL);
	if (!(op->kind == OP_PUT || op->came) || !op->buffer || op->pages > RUN_PAGES)
		fail("a check without anything to check");
	while (i < CHECKS_MAX && check[i])
		i++;
	if (i == CHECKS_MAX)
		fail("too many checks at once");
	check[i] = op;
	if (config.mode == SAFETY && chance(500)) { /* its thread is stopped */
		int64_t ms = time_between(1, 2 * config.deadline);

		HAPPENED(CHECK_LONG);
		stalled(ms);
		event_at(now + ms, checked, i);
	} else if (chance(2)) {
		checked(i);
	} else {
		event_at(now + (int64_t)dice(3), checked, i);
	}
}

static void is_right(struct caller *k, uint32_t i)
{
	const struct record *r = &k->op.record[i];
	uint8_t *data = k->data + (size_t)i * PAGE_BYTES;
	int spot = page_spot(k->op.page + i);
	uint64_t pattern;

	switch ((enum page_state)r->state) {
	case PAGE_SEALED:
		HAPPENED(GOT_SEALED);
		if (!(k->opened & 1u << i))
			fail("page %llu was never opened", (unsigned long long)k->op.page + i);
		break;
	case PAGE_SAME:
		HAPPENED(GOT_FILL);
		memcpy(&pattern, r->tag, sizeof pattern);
		page_fill(data, pattern);
		break;
	case PAGE_ABSENT:
		HAPPENED(GOT_ABSENT);
		memset(data, 0, PAGE_BYTES);
		break;
	case PAGE_LOST:
		fail("page %llu is lost, and no error", (unsigned long long)k->op.page + i);
	}
	if (!model_allows((unsigned)spot, data, &k->seen[i]))
		fail("wrong bytes: page %llu is %016llx..., not %s",
		     (unsigned long long)k->op.page + i,
		     (unsigned long long)*(uint64_t *)(void *)data, model_words((unsigned)spot));
}

/* Nobody waits for ever; where one lender in trouble is all there is, nobody for long,
 * and for nothing. */
static void in_time(const struct caller *k)
{
	int64_t ms = now - k->started - (jumped() - k->jumped);
	int64_t bound = (k->until > k->started ? k->until - k->started : 0) + 100; /* its host is busy */

	if (jumped())
		bound += config.still;

	if (ms > stats.longest)
		stats.longest = ms;
	if (ms > bound)
		fail("%s %llu+%u took %lld ms", kind_words(&k->op),
		     (unsigned long long)k->op.page, k->op.pages, (long long)ms);
	if (k->op.kind == OP_PUT && k->unsealed && !k->op.error)
		fail("what could not be sealed was put");
	if (k->op.error && (config.mode == LIVENESS || (!faults_seen() && lenders_have_room())))
		fail("%s %llu+%u ended in error %d", kind_words(&k->op),
		     (unsigned long long)k->op.page, k->op.pages, k->op.error);
}

static void got(struct caller *k)
{
	if (k->op.error) {
		HAPPENED(GET_EIO);
		return;
	}
	HAPPENED(GET);
	for (uint32_t i = 0; i < k->op.pages; i++)
		is_right(k, i);
}

static void changed(struct caller *k)
{
	if (k->op.kind == OP_PUT) {
		if (k->op.error)
			HAPPENED(PUT_EIO);
		else
			HAPPENED(PUT);
	} else {
		if (k->op.error)
			HAPPENED(FILL_EIO);
		else
			HAPPENED(FILL);
	}
	model_changed(&k->op, &k->answer, k->op.error, k->known);
}

void caller_ends(const struct op *op)
{
	struct caller *k = op->waiter;

	k->known = map_record(&map, op->page);
}

void caller_done(struct op *op)
{
	struct caller *k = op->waiter;

	TRACE("caller %u: %s %llu+%u is done: %d", (unsigned)(k - caller), kind_words(op),
	      (unsigned long long)op->page, op->pages, op->error);
	if (!k->busy || &k->op != op)
		fail("an operation is done that nobody waits for");
	in_time(k);
	k->busy = false;
	if (op->kind == OP_GET)
		got(k);
	else
		changed(k);
	next_later((unsigned)(k - caller));
}
