/* SPDX-License-Identifier: BSD-2-Clause */
#include "nbd_span.h"

#include <errno.h>
#include <string.h>

/* What the owner was asked last. */
enum step {
	SPAN_NONE,
	SPAN_HEAD,     /* to get the first page, of which bytes before stay */
	SPAN_HEAD_PUT, /* zeros: to put it */
	SPAN_MIDDLE,   /* zeros: to forget whole pages */
	SPAN_TAIL,     /* to get the last page, of which bytes behind stay */
	SPAN_LAST,     /* and nothing follows */
};

void spans_open(struct spans *s, struct face *face, void (*done)(void *, struct room *, int error), void *data)
{
	*s = (struct spans){ .face = face, .done = done, .data = data };
	TAILQ_INIT(&s->changes);
}

static uint32_t head(const struct part *p)
{
	return (uint32_t)(p->offset % PAGE_BYTES);
}

/* Bytes of the last page; 0: all. */
static uint32_t tail(const struct part *p)
{
	return (uint32_t)((p->offset + p->length) % PAGE_BYTES);
}

/* ---- changes ---- */

static bool must_wait(const struct spans *s, const struct room *r)
{
	const struct room *older;

	TAILQ_FOREACH(older, &s->changes, link)
		if (older == r)
			return false;
		else if ((older->parted || r->parted) && older->first <= r->last && r->first <= older->last)
			return true;
	return false;
}

static void join(struct spans *s, struct room *r)
{
	r->parted = head(&r->part) || tail(&r->part);
	s->parted += r->parted;
	r->queued = true;
	TAILQ_INSERT_TAIL(&s->changes, r, link);
	/* Whole pages only: whichever is last, it is one of them. */
	r->waits = s->parted && must_wait(s, r);
}

static void go_on(struct spans *s, struct room *r);

static struct room *next_ready(const struct spans *s)
{
	struct room *r;

	TAILQ_FOREACH(r, &s->changes, link)
		if (r->waits && !must_wait(s, r))
			return r;
	return NULL;
}

/* Those who waited for it go on; one after another, though each may be over at once. */
static void leave(struct spans *s, struct room *r)
{
	bool parted = s->parted;
	struct room *ready;

	TAILQ_REMOVE(&s->changes, r, link);
	s->parted -= r->parted;
	r->queued = false;
	if (!parted || s->calling)
		return;
	s->calling = true;
	while ((ready = next_ready(s))) {
		ready->waits = false;
		go_on(s, ready);
	}
	s->calling = false;
}

/* ---- steps ---- */

static void finish(struct spans *s, struct room *r, int error)
{
	s->begun--;
	if (r->queued)
		leave(s, r);
	s->done(s->data, r, error);
}

static void ask(struct spans *s, struct room *r, enum face_verb verb, uint64_t page, uint64_t pages, uint8_t *data,
                enum step step)
{
	struct face_request *q = &r->request;

	q->verb = verb;
	q->page = page;
	q->pages = (uint32_t)pages;
	q->data = data;
	r->step = step;
	r->out = true;
	s->face->requests++;
	s->face->owner->submit(s->face->user, q);
}

static bool is_one(const struct room *r)
{
	return r->first == r->last;
}

/* Do some bytes of the first page stay? */
static bool keeps_first(const struct room *r)
{
	return head(&r->part) || (is_one(r) && tail(&r->part));
}

static bool keeps_last(const struct room *r)
{
	return tail(&r->part) && !is_one(r);
}

/* What stays of a page is copied around what is new. */
static void write_on(struct spans *s, struct room *r)
{
	uint8_t *room = r->part.room, *old = room_page(r);
	uint8_t *last = room + (r->last - r->first) * PAGE_BYTES;
	uint32_t end = tail(&r->part);

	if (r->step == SPAN_HEAD)
		memcpy(room, old, head(&r->part));
	if (end && (r->step == SPAN_TAIL || (r->step == SPAN_HEAD && is_one(r))))
		memcpy(last + end, old + end, PAGE_BYTES - end);
	if (r->step == SPAN_NONE && keeps_first(r))
		ask(s, r, FACE_GET, r->first, 1, old, SPAN_HEAD);
	else if (r->step != SPAN_TAIL && keeps_last(r))
		ask(s, r, FACE_GET, r->last, 1, old, SPAN_TAIL);
	else
		ask(s, r, FACE_PUT, r->first, r->last - r->first + 1, room, SPAN_LAST);
}

static void zero_middle(struct spans *s, struct room *r)
{
	uint64_t from = r->first + keeps_first(r), to = r->last + !keeps_last(r);

	if (from < to)
		ask(s, r, FACE_FLUSH, from, to - from, NULL, keeps_last(r) ? SPAN_MIDDLE : SPAN_LAST);
	else
		ask(s, r, FACE_GET, r->last, 1, room_page(r), SPAN_TAIL);
}

static void zero_on(struct spans *s, struct room *r)
{
	uint32_t from = head(&r->part), to = tail(&r->part) ? tail(&r->part) : PAGE_BYTES;
	uint8_t *page = room_page(r);

	switch ((enum step)r->step) {
	case SPAN_NONE:
		if (keeps_first(r))
			ask(s, r, FACE_GET, r->first, 1, page, SPAN_HEAD);
		else
			zero_middle(s, r);
		break;
	case SPAN_HEAD:
		memset(page + from, 0, (is_one(r) ? to : PAGE_BYTES) - from);
		ask(s, r, FACE_PUT, r->first, 1, page, is_one(r) ? SPAN_LAST : SPAN_HEAD_PUT);
		break;
	case SPAN_HEAD_PUT:
		zero_middle(s, r);
		break;
	case SPAN_MIDDLE:
		ask(s, r, FACE_GET, r->last, 1, page, SPAN_TAIL);
		break;
	case SPAN_TAIL:
		memset(page, 0, to);
		ask(s, r, FACE_PUT, r->last, 1, page, SPAN_LAST);
		break;
	case SPAN_LAST:
		break;
	}
}

static void go_on(struct spans *s, struct room *r)
{
	if (s->refusing)
		finish(s, r, EIO);
	else if (r->part.verb == PART_READ)
		ask(s, r, FACE_GET, r->first, r->last - r->first + 1, r->part.room, SPAN_LAST);
	else if (r->part.verb == PART_WRITE)
		write_on(s, r);
	else
		zero_on(s, r);
}

void span_begin(struct spans *s, struct room *r)
{
	const struct part *p = &r->part;

	r->first = p->offset / PAGE_BYTES;
	r->last = (p->offset + p->length - 1) / PAGE_BYTES;
	r->step = SPAN_NONE;
	r->waits = false;
	s->begun++;
	if (p->verb != PART_READ)
		join(s, r);
	if (!r->waits)
		go_on(s, r);
}

void span_answer(struct spans *s, struct room *r, int error)
{
	if (!r->out)
		return;
	r->out = false;
	if (error || r->step == SPAN_LAST)
		finish(s, r, error);
	else
		go_on(s, r);
}
