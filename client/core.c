/* SPDX-License-Identifier: BSD-2-Clause */
#include "core.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PAGE_BYTES 4096

void core_init(struct core *c, struct map *map, int64_t deadline_ms,
               int64_t link_timeout_ms)
{
	*c = (struct core){
		.map = map,
		.deadline_ms = deadline_ms,
		.link_timeout_ms = link_timeout_ms,
		.retry_ms = CORE_RETRY_MIN_MS,
		.gone_by = CORE_NEVER,
	};
	TAILQ_INIT(&c->queued);
	TAILQ_INIT(&c->ready);
	TAILQ_INIT(&c->sent);
	TAILQ_INIT(&c->ended);
}

static struct op_list *list_of(struct core *c, enum op_state state)
{
	switch (state) {
	case OP_QUEUED: return &c->queued;
	case OP_READY: return &c->ready;
	case OP_SENT: return &c->sent;
	case OP_ENDED: return &c->ended;
	case OP_NEW:
	case OP_DONE: break;
	}
	return NULL;
}

/* Which steps there are: bit S of steps[T] says that T may follow S. */
static const unsigned steps[] = {
	[OP_QUEUED] = 1 << OP_NEW,
	[OP_READY] = 1 << OP_QUEUED | 1 << OP_SENT,
	[OP_SENT] = 1 << OP_READY,
	[OP_ENDED] = 1 << OP_QUEUED | 1 << OP_READY | 1 << OP_SENT,
	[OP_DONE] = 1 << OP_ENDED,
};

/* The one way from state to state. */
static void move(struct core *c, struct op *op, enum op_state state)
{
	struct op_list *from = list_of(c, op->state), *to = list_of(c, state);

	assert(steps[state] & 1u << op->state);
	if (from)
		TAILQ_REMOVE(from, op, link);
	op->state = state;
	if (to)
		TAILQ_INSERT_TAIL(to, op, link);
}

/* What the end of an operation that had its pages means for them. A flush that
 * could not be told is a flush all the same: the lender's copy is only wasted. */
static void record(struct core *c, const struct op *op)
{
	if (op->kind == OP_PUT)
		map_set(c->map, op->page, op->pages, op->error ? PAGE_LOST : PAGE_PRESENT);
	else if (op->kind == OP_FLUSH)
		map_set(c->map, op->page, op->pages, PAGE_ABSENT);
}

static void admit(struct core *c);

static void end(struct core *c, struct op *op, int error)
{
	bool had_pages = op->state != OP_QUEUED;

	op->error = op->kind == OP_FLUSH && had_pages ? 0 : error;
	if (had_pages)
		record(c, op);
	else if (op->kind == OP_PUT)
		/* It failed before it began; what was there is not to come
		 * back as if it had never been overwritten. */
		map_set(c->map, op->page, op->pages, PAGE_LOST);
	move(c, op, OP_ENDED);
	if (had_pages) {
		map_release(c->map, op->page, op->pages);
		admit(c);
	}
}

/* The lender may hold something for an absent page (a put that failed, an
 * older owner's): what the record says counts. */
static void zero_absent(struct core *c, struct op *op)
{
	for (uint64_t i = 0; i < op->pages; i++)
		if (map_state(c->map, op->page + i) == PAGE_ABSENT)
			memset(op->data + i * PAGE_BYTES, 0, PAGE_BYTES);
}

/* End what needs no lender. The op is READY. */
static void settle(struct core *c, struct op *op)
{
	uint64_t absent = map_count(c->map, op->page, op->pages, PAGE_ABSENT);

	if (op->kind == OP_GET &&
	    map_count(c->map, op->page, op->pages, PAGE_LOST)) {
		end(c, op, EIO);
	} else if (op->kind != OP_PUT && absent == op->pages) {
		if (op->kind == OP_GET)
			zero_absent(c, op);
		end(c, op, 0);
	}
}

static bool overlap(const struct op *a, const struct op *b)
{
	return a->page < b->page + b->pages && b->page < a->page + a->pages;
}

/* Is there an operation before OP in the queue that wants one of its pages? */
static bool overtakes(struct core *c, struct op *op)
{
	struct op *before;

	TAILQ_FOREACH(before, &c->queued, link) {
		if (before == op)
			return false;
		if (overlap(before, op))
			return true;
	}
	return false;
}

/* Queued operations get their pages, in order where they overlap. */
static void admit(struct core *c)
{
	struct op *op, *next;

	for (op = TAILQ_FIRST(&c->queued); op; op = next) {
		next = TAILQ_NEXT(op, link);
		if (!overtakes(c, op) && map_take(c->map, op->page, op->pages)) {
			move(c, op, OP_READY);
			settle(c, op);
			/* Ending it may have admitted others: once more. */
			if (op->state != OP_READY)
				next = TAILQ_FIRST(&c->queued);
		}
	}
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* A link that is gone is not waited for by each operation anew: then swapping off,
 * page by page, would not end. It is tried all the same. */
static int64_t deadline(const struct core *c, int64_t now)
{
	int64_t gone = c->gone_by > now + CORE_PATIENCE_MS ? c->gone_by
	                                                   : now + CORE_PATIENCE_MS;

	return sooner(now + c->deadline_ms, gone);
}

void core_start(struct core *c, struct op *op, int64_t now)
{
	op->state = OP_NEW;
	op->error = 0;
	op->deadline = deadline(c, now);
	move(c, op, OP_QUEUED);
	admit(c);
}

void core_reply(struct core *c, struct op *op, int error, int64_t now)
{
	(void)now;
	if (op->state != OP_SENT)
		return;
	if (!error && op->kind == OP_GET)
		zero_absent(c, op);
	end(c, op, error);
}

void core_link_up(struct core *c, const char *identity)
{
	struct op *op, *next;

	c->link = LINK_UP;
	c->gone_by = CORE_NEVER;
	c->retry_ms = CORE_RETRY_MIN_MS;
	if (*c->identity && strcmp(c->identity, identity) != 0) {
		map_lose(c->map);
		c->lost_times++;
	}
	snprintf(c->identity, sizeof c->identity, "%s", identity);
	/* Gets of what was just lost need no lender any more. */
	for (op = TAILQ_FIRST(&c->ready); op; op = next) {
		next = TAILQ_NEXT(op, link);
		settle(c, op);
	}
}

/* What was sent is sent again, if the link comes back in time. In order of
 * their deadlines, which is the order they were started in. */
static void unsend(struct core *c)
{
	struct op *op, *at;

	while ((op = TAILQ_LAST(&c->sent, op_list))) {
		move(c, op, OP_READY);
		TAILQ_REMOVE(&c->ready, op, link);
		TAILQ_FOREACH(at, &c->ready, link)
			if (at->deadline >= op->deadline)
				break;
		if (at)
			TAILQ_INSERT_BEFORE(at, op, link);
		else
			TAILQ_INSERT_TAIL(&c->ready, op, link);
	}
}

void core_link_down(struct core *c, int64_t now)
{
	if (c->link == LINK_UP)
		c->gone_by = now + c->deadline_ms;
	c->link = LINK_DOWN;
	c->retry_at = now + c->retry_ms;
	c->retry_ms = c->retry_ms * 2 < CORE_RETRY_MAX_MS ? c->retry_ms * 2
	                                                  : CORE_RETRY_MAX_MS;
	unsend(c);
}

static void close_link(struct core *c, int64_t now)
{
	c->close = true;
	core_link_down(c, now);
}

/* The earliest deadline in LIST. Lists are short: what is under way. */
static int64_t earliest(const struct op_list *list)
{
	int64_t at = CORE_NEVER;
	struct op *op;

	TAILQ_FOREACH(op, list, link)
		if (op->deadline < at)
			at = op->deadline;
	return at;
}

static void expire(struct core *c, struct op_list *list, int64_t now)
{
	struct op *op, *next;

	for (op = TAILQ_FIRST(list); op; op = next) {
		next = TAILQ_NEXT(op, link);
		if (op->deadline <= now) {
			end(c, op, EIO);
			/* Ending one admits others: the list may have changed. */
			next = TAILQ_FIRST(list);
		}
	}
}

static int64_t link_expires(const struct core *c)
{
	struct op *oldest = TAILQ_FIRST(&c->sent);

	if (c->link == LINK_CONNECTING)
		return c->connect_by;
	return oldest ? oldest->sent_at + c->link_timeout_ms : CORE_NEVER;
}

void core_tick(struct core *c, int64_t now)
{
	if (link_expires(c) <= now || earliest(&c->sent) <= now)
		close_link(c, now);
	expire(c, &c->ready, now);
	expire(c, &c->queued, now);
}

/* The link is opened when somebody needs it. */
static bool wants_link(const struct core *c)
{
	return c->link == LINK_DOWN && !TAILQ_EMPTY(&c->ready);
}

bool core_next(struct core *c, struct command *command, int64_t now)
{
	struct op *op;

	*command = (struct command){0};
	if (c->close) {
		c->close = false;
		command->kind = COMMAND_CLOSE;
	} else if ((op = TAILQ_FIRST(&c->ended))) {
		move(c, op, OP_DONE);
		command->kind = COMMAND_DONE;
		command->op = op;
	} else if (wants_link(c) && now >= c->retry_at) {
		c->link = LINK_CONNECTING;
		c->connect_by = now + c->link_timeout_ms;
		command->kind = COMMAND_CONNECT;
	} else if (c->link == LINK_UP && (op = TAILQ_FIRST(&c->ready))) {
		move(c, op, OP_SENT);
		op->sent_at = now;
		command->kind = COMMAND_SEND;
		command->op = op;
	} else {
		return false;
	}
	return true;
}

int64_t core_wake_at(const struct core *c)
{
	int64_t at = sooner(earliest(&c->queued), earliest(&c->ready));

	at = sooner(at, sooner(earliest(&c->sent), link_expires(c)));
	return wants_link(c) ? sooner(at, c->retry_at) : at;
}
