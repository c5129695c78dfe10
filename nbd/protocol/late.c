/* SPDX-License-Identifier: BSD-2-Clause */
#include "late.h"

#include <errno.h>
#include <stdlib.h>

#include "chunk.h"

struct late_requests *late_new(struct client *client, struct replies *replies)
{
	struct late_requests *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->client = client;
	l->replies = replies;
	LIST_INIT(&l->out);
	return l;
}

/* ---- parts ---- */

/* Of FIRST and those behind it, what the backend has not. */
static void give_all(struct part *first)
{
	struct part *next;

	for (; first; first = next) {
		next = first->next;
		if (first->answered)
			replies_give(first);
	}
}

static uint64_t bit(const struct late_requests *l, const struct job *j)
{
	return UINT64_C(1) << (j - l->job);
}

void late_free(struct late_requests *l)
{
	struct part *p;

	if (!l)
		return;
	for (unsigned i = 0; i < LATE_JOBS; i++)
		if (l->jobs & bit(l, &l->job[i]))
			give_all(l->job[i].first);
	if (l->filling)
		replies_give(l->filling);
	while ((p = LIST_FIRST(&l->out))) {
		LIST_REMOVE(p, link);
		p->late = NULL;
	}
	free(l);
}

/* From AT on, in a part's room. */
static uint32_t part_length(enum part_verb verb, uint64_t at, uint64_t left)
{
	uint64_t most = PART_BYTES - at % PAGE_BYTES;

	return (uint32_t)(verb == PART_ZERO || left < most ? left : most);
}

static unsigned parts_of(uint64_t at, uint64_t left)
{
	return (unsigned)((at % PAGE_BYTES + left + PART_BYTES - 1) / PART_BYTES);
}

/* The next part of the current request. */
static void part_prepare(struct late_requests *l, struct part *p)
{
	p->ops = l->client->ops;
	p->late = l;
	p->job = l->current;
	p->verb = l->verb;
	p->offset = l->at;
	p->length = part_length(l->verb, l->at, l->left);
	p->data = l->verb == PART_ZERO ? NULL : p->room + l->at % PAGE_BYTES;
	p->total = p->length;
	p->next = NULL;
	p->answered = false;
	l->at += p->length;
	l->left -= p->length;
}

/* The last one may be answered at once, and its job is over then. */
static void part_submit(struct late_requests *l, struct part *p)
{
	struct job *j = p->job;

	j->out++;
	if (!l->left) {
		j->cut = true;
		l->current = NULL;
	}
	LIST_INSERT_HEAD(&l->out, p, link);
	p->ops->submit(p);
}

static struct part *take(struct late_requests *l, unsigned n)
{
	struct part *p = l->client->ops->take(l->client, n);

	l->starved = !p;
	return p;
}

/* ---- what is owed ---- */

static void owe(struct late_requests *l, struct reply reply)
{
	if (replies_push(l->replies, reply) < 0)
		l->why = "no memory for its replies";
}

static void owe_part(struct late_requests *l, const struct job *j, enum reply_kind kind, struct part *p, bool done)
{
	if (replies_push(l->replies, (struct reply){ .cookie = j->cookie, .kind = (uint8_t)kind, .part = p,
	                                             .length = p->length, .done = done }) == 0)
		return;
	replies_give(p);
	l->why = "no memory for its replies";
}

static void owe_end(struct late_requests *l, const struct job *j)
{
	if (j->error && (j->chunks || j->df)) {
		if (chunk_error(l->replies, j->cookie, j->error) < 0)
			l->why = "no memory for its replies";
	} else if (j->error || j->writes) {
		owe(l, (struct reply){ .cookie = j->cookie, .kind = REPLY_SIMPLE, .code = (uint16_t)j->error });
	}
}

/* READ in order: what has come at its beginning, if it is its time. */
static void owe_in_order(struct late_requests *l, struct job *j)
{
	while (j->first && j->first->answered && !j->error && (!j->whole || (j->cut && !j->out))) {
		struct part *p = j->first;

		j->first = p->next;
		if (!j->first)
			j->end = &j->first;
		p->total = j->total;
		owe_part(l, j, j->begun ? REPLY_PART_MORE : j->df ? REPLY_PART : REPLY_PART_SIMPLE, p, true);
		j->begun = true;
	}
}

/* Is it over? */
static void job_look(struct late_requests *l, struct job *j)
{
	if (!j->chunks && !j->writes)
		owe_in_order(l, j);
	if (j->error && j->begun && !j->chunks)
		l->why = "a page of a READ that is half answered cannot be had";
	if (!j->cut || j->out)
		return;
	give_all(j->first);
	if (!l->why)
		owe_end(l, j);
	l->jobs &= ~bit(l, j);
	if (l->alone == j)
		l->alone = NULL;
}

/* ---- answers ---- */

static uint32_t nbd_error(int error)
{
	switch (error) {
	case 0: return NBD_OK;
	case EPERM: return NBD_EPERM;
	case ENOSPC: return NBD_ENOSPC;
	case ESHUTDOWN: return NBD_ESHUTDOWN;
	}
	return NBD_EIO;
}

void part_answer(struct part *p, int error)
{
	struct late_requests *l = p->late;
	struct job *j = p->job;

	if (!l) {
		p->ops->give(p);
		return;
	}
	LIST_REMOVE(p, link);
	p->answered = true;
	j->out--;
	if (error && !j->error)
		j->error = nbd_error(error);
	if (j->writes || (j->chunks && j->error))
		replies_give(p);
	else if (j->chunks)
		owe_part(l, j, REPLY_PART, p, j->cut && !j->out);
	job_look(l, j);
	l->client->stir(l->client);
}

/* ---- requests ---- */

/* There is one. */
static struct job *job_new(struct late_requests *l)
{
	struct job *j = &l->job[__builtin_ctzll(~l->jobs)];

	l->jobs |= bit(l, j);
	return j;
}

uint32_t late_begin(struct late_requests *l, const struct request *r, bool structured)
{
	bool reads = r->type == NBD_CMD_READ, df = r->flags & NBD_CMD_FLAG_DF;
	bool whole = parts_of(r->offset, r->length) <= l->client->parts_at_once;
	struct job *j;

	if (reads && df && !whole)
		return NBD_EOVERFLOW;
	j = job_new(l);
	*j = (struct job){ .cookie = r->cookie, .total = r->length, .writes = !reads,
	                   .chunks = reads && structured && !df, .df = df, .whole = whole };
	j->end = &j->first;
	if (reads && !whole && !j->chunks)
		l->alone = j;
	l->current = j;
	l->verb = reads ? PART_READ : r->type == NBD_CMD_WRITE ? PART_WRITE : PART_ZERO;
	l->at = r->offset;
	l->left = r->length;
	return NBD_OK;
}

/* What was half owed cannot be gone on with; of what was not, the error is owed. */
static void cut_short(struct late_requests *l)
{
	struct job *j = l->current;

	l->current = NULL;
	l->left = 0;
	j->cut = true;
	job_look(l, j);
}

bool late_cut(struct late_requests *l)
{
	struct part *next;

	while (l->current) {
		struct job *j = l->current;
		bool in_order = !j->writes && !j->chunks;
		bool at_once = in_order && j->whole;

		if (j->error) {
			cut_short(l);
			break;
		}
		if (l->alone && l->jobs != bit(l, l->alone)) {
			l->starved = true; /* until each of the others was answered */
			return false;
		}
		struct part *p = take(l, at_once ? parts_of(l->at, l->left) : 1);
		if (!p)
			return false;
		for (; p; p = next) {
			next = p->next;
			part_prepare(l, p);
			if (in_order) {
				*j->end = p;
				j->end = &p->next;
			}
			part_submit(l, p);
		}
	}
	return true;
}

size_t late_fill(struct late_requests *l, const uint8_t *in, size_t len)
{
	struct part *p = l->filling;
	size_t n;

	if (!p) {
		p = take(l, 1);
		if (!p)
			return 0;
		part_prepare(l, p);
		l->filling = p;
		l->filled = 0;
	}
	n = len < p->length - l->filled ? len : p->length - l->filled;
	memcpy(p->data + l->filled, in, n);
	l->filled += (uint32_t)n;
	if (l->filled == p->length) {
		l->filling = NULL;
		part_submit(l, p);
	}
	return n;
}
