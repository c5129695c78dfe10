/* SPDX-License-Identifier: BSD-2-Clause */
/* A link by itself: an owner that notes what it is told, and polls. */
#ifndef FARPAGE_LINK_FIXTURE_H
#define FARPAGE_LINK_FIXTURE_H

#include "unit.h"

#include <poll.h>
#include <stdio.h>

#include "link.h"

/* No test waits longer, for anything. */
#define PATIENCE_MS 10000

static struct told {
	unsigned ups, downs, replies;
	uint64_t pages;
	char identity[IDENTITY_MAX], met[IDENTITY_MAX];
	bool refuses;           /* what it meets is another's */
	char words[WORDS_MAX];
} told;

static inline const char *on_meets(struct link *l, const char *identity)
{
	struct told *t = l->owner;

	snprintf(t->met, sizeof t->met, "%s", identity);
	return t->refuses ? "it is another lender's" : NULL;
}

static inline void on_up(struct link *l, const char *identity, uint64_t pages)
{
	struct told *t = l->owner;

	t->ups++;
	t->pages = pages;
	snprintf(t->identity, sizeof t->identity, "%s", identity);
}

static inline void on_down(struct link *l, const char *words)
{
	struct told *t = l->owner;

	t->downs++;
	snprintf(t->words, sizeof t->words, "%s", words);
}

#define NO_REPLY -1

/* The ask's own SENT_AT keeps its reply here. */
static inline void on_reply(struct link *l, struct ask *ask, int error)
{
	struct told *t = l->owner;

	t->replies++;
	assert_true(ask->sent);
	assert_int_equal(ask->sent_at, NO_REPLY); /* one is all it may have */
	ask->sent_at = error;
}

static const struct link_owner upcalls = { on_meets, on_up, on_down, on_reply };

static inline void own(struct link *l)
{
	l->owner = &told;
	l->upcalls = &upcalls;
	memset(&told, 0, sizeof told);
}

/* One round of the wheel. */
static inline void turn(struct link *l)
{
	struct pollfd p = l->ops->interest(l);

	assert_true(poll(&p, 1, PATIENCE_MS) > 0);
	l->ops->notify(l, p.revents);
}

static inline void send_ask(struct link *l, struct ask *ask)
{
	ask->sent = true;
	ask->sent_at = NO_REPLY;
	l->ops->send(l, ask);
	l->ops->send_queued(l);
}

static inline int reply_of(struct link *l, struct ask *ask)
{
	while (ask->sent_at == NO_REPLY && told.downs == 0)
		turn(l);
	return (int)ask->sent_at;
}

static inline int do_ask(struct link *l, enum ask_kind kind, uint64_t page, uint32_t pages,
                         uint8_t *data)
{
	struct ask ask = { .kind = kind, .page = page, .pages = pages, .data = data };

	send_ask(l, &ask);
	return reply_of(l, &ask);
}

/* Opened again, closed first if it is up. False: it went down. */
static inline bool reopen(struct link *l)
{
	l->ops->close(l);
	told.ups = told.downs = 0;
	l->ops->connect(l);
	while (!told.ups && !told.downs)
		turn(l);
	return told.ups == 1 && told.downs == 0;
}

#endif
