/* SPDX-License-Identifier: BSD-2-Clause */
#include "nbd_door.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "limit.h"
#include "log.h"
#include "nbd.h"

#define LINES_MAX 60 /* of a kind a minute */

struct guest {
	struct client client; /* its first */
	struct nbd_door *door;
	struct visit visit;
	struct lodger lodger;
	bool joined;
};

static struct guest *guest_of(struct client *c)
{
	return (struct guest *)c;
}

static struct guest *guest_with(struct room *r)
{
	return (struct guest *)r->lodger->client;
}

/* ---- who is let in ---- */

static void list(const struct backend *b, const struct client *c, void (*see)(void *data, const char *name), void *data)
{
	const struct nbd_door *d = b->data;

	(void)c;
	see(data, d->ownership.name);
}

/* By its address; all that come by a unix socket are one. */
static void find_host(const struct client *c, char host[static INET6_ADDRSTRLEN])
{
	bool inet = c->origin.kind == ORIGIN_INET, inet6 = c->origin.kind == ORIGIN_INET6;

	snprintf(host, INET6_ADDRSTRLEN, "this host");
	if (inet || inet6)
		inet_ntop(inet ? AF_INET : AF_INET6, c->origin.address, host, INET6_ADDRSTRLEN);
}

static enum ownership_door visit_open(struct nbd_door *d, const struct client *c, struct visit *v, const char *name,
                                      size_t len, char words[static WORDS_MAX])
{
	char export[NBD_NAME_MAX + 1], host[INET6_ADDRSTRLEN];

	if (len > NBD_NAME_MAX || memchr(name, '\0', len)) {
		words_print(words, "no such export name");
		return OWNERSHIP_UNKNOWN;
	}
	snprintf(export, sizeof export, "%.*s", (int)len, name);
	find_host(c, host);
	return ownership_open(&d->ownership, v, export, host, words);
}

/* Only to see what would be said. */
static enum ownership_door visit_try(struct nbd_door *d, const struct client *c, const char *name, size_t len,
                                     char words[static WORDS_MAX])
{
	struct visit v;
	enum ownership_door said = visit_open(d, c, &v, name, len, words);

	if (said == OWNERSHIP_IN)
		ownership_close(&d->ownership, &v);
	return said;
}

static bool find(const struct backend *b, const struct client *c, const char *name, size_t len)
{
	char words[WORDS_MAX];

	return visit_try(b->data, c, name, len, words) != OWNERSHIP_UNKNOWN;
}

static uint32_t rep_error(enum ownership_door said)
{
	return said == OWNERSHIP_IN ? 0 : said == OWNERSHIP_UNKNOWN ? NBD_REP_ERR_UNKNOWN : NBD_REP_ERR_POLICY;
}

static void tell(const struct nbd_door *d, struct backend_answer *answer)
{
	answer->size = d->bytes;
	answer->read_only = false;
	snprintf(answer->name, sizeof answer->name, "%s", d->ownership.name);
	ownership_describe(&d->ownership, answer->description);
}

static uint32_t info(const struct backend *b, const struct client *c, const struct backend_ask *ask,
                     struct backend_answer *answer)
{
	uint32_t error = rep_error(visit_try(b->data, c, ask->name, ask->len, answer->words));

	if (!error)
		tell(b->data, answer);
	return error;
}

static uint32_t join(const struct backend *b, struct client *c, const struct backend_ask *ask,
                     struct backend_answer *answer)
{
	struct nbd_door *d = b->data;
	struct guest *g = guest_of(c);
	enum ownership_door said = visit_open(d, c, &g->visit, ask->name, ask->len, answer->words);
	bool owns = g->visit.owns || !*d->ownership.owner;

	if (said != OWNERSHIP_IN) {
		log_often(LOG_WARN, "were refused", 1, "%s: %s", c->peer, answer->words);
		return rep_error(said);
	}
	if (!limits_join(c->slot, owns ? LIMITS_OWNER : LIMITS_PLAIN)) {
		ownership_close(&d->ownership, &g->visit);
		words_print(answer->words, "too many connections; close some");
		return NBD_REP_ERR_POLICY;
	}
	g->door = d;
	g->joined = true;
	d->joined++;
	rooms_enter(&d->rooms, &g->lodger, c);
	c->parts_at_once = rooms_at_once(&d->rooms);
	c->has_pages = g->visit.owns;
	c->export = d->ownership.name;
	tell(d, answer);
	return 0;
}

static void leave(struct client *c, enum backend_end how)
{
	struct guest *g = guest_of(c);

	(void)how;
	if (!g->joined)
		return;
	g->door->joined--;
	rooms_leave(&g->door->rooms, &g->lodger);
	ownership_close(&g->door->ownership, &g->visit);
}

static int enter(struct client *c)
{
	(void)c;
	return 0;
}

static void leave_again(struct client *c)
{
	(void)c;
}

/* To who no longer owns it, what it had is no hole, but an error. */
static enum backend_got look(struct client *c, uint64_t offset, size_t *len)
{
	struct guest *g = guest_of(c);
	struct face *f = g->door->face;
	uint64_t page = offset / PAGE_BYTES, n = (offset + *len - 1) / PAGE_BYTES + 1 - page, end;
	bool hole = f->owner->look && ownership_has(&g->door->ownership, &g->visit, false) &&
	            f->owner->look(f->user, page, &n);

	end = (page + n) * PAGE_BYTES;
	if (end < offset + *len)
		*len = end - offset;
	return hole ? GOT_HOLE : GOT_DATA;
}

/* ---- what becomes of parts ---- */

/* When nothing is under way. */
static void forget(struct nbd_door *d, uint64_t from)
{
	uint64_t pages = d->bytes / PAGE_BYTES - from;

	if (d->flushing || d->spans.begun || d->refusing)
		return;
	d->flushing = true;
	d->flush = (struct face_request){ .verb = FACE_FLUSH, .page = from, .face = d->face,
	                                  .pages = pages < UINT32_MAX ? (uint32_t)pages : UINT32_MAX,
	                                  .user = d->flush.user };
	d->face->owner->submit(d->face->user, &d->flush);
}

/* Is the device G's by now? */
static bool take_over(struct nbd_door *d, struct guest *g)
{
	struct ownership *o = &d->ownership;
	char next[OWNERSHIP_NAME_MAX];

	if (!ownership_may_take(o, &g->visit, next))
		return false;
	if (*o->owner) {
		log_often(LOG_WARN, "took the device over", LINES_MAX, "%s has taken the device over from %s, whose "
		          "pages are gone", g->visit.host, o->host);
		ownership_end_term(o);
		d->taken = true;
	}
	ownership_take(o, &g->visit, next);
	return true;
}

static void carry_out(struct nbd_door *d, struct room *r)
{
	struct guest *g = r->lodger ? guest_with(r) : NULL;
	bool change = r->part.verb != PART_READ;

	if (!g || d->refusing) {
		part_answer(&r->part, EIO);
	} else if (!ownership_has(&d->ownership, &g->visit, change) && !(change && take_over(d, g))) {
		part_answer(&r->part, EPERM);
	} else if (d->taken) {
		TAILQ_INSERT_TAIL(&d->held, r, link);
		forget(d, 0);
	} else {
		span_begin(&d->spans, r);
	}
}

static void submit(struct part *p)
{
	struct room *r = (struct room *)p;
	struct guest *g = guest_with(r);
	struct nbd_door *d = g->door;

	carry_out(d, r);
	g->client.has_pages = g->visit.owns;
	rooms_looks(&d->rooms, &g->lodger, *d->ownership.owner && !g->visit.owns);
}

static void done(void *data, struct room *r, int error)
{
	struct nbd_door *d = data;

	part_answer(&r->part, error);
	if (d->taken)
		forget(d, 0);
}

/* What was held goes on, or fails. */
static void release(struct nbd_door *d, int error)
{
	struct room_list held = TAILQ_HEAD_INITIALIZER(held);
	struct room *r;

	TAILQ_CONCAT(&held, &d->held, link);
	while ((r = TAILQ_FIRST(&held))) {
		TAILQ_REMOVE(&held, r, link);
		if (error)
			part_answer(&r->part, error);
		else
			carry_out(d, r);
	}
}

static void flushed(struct nbd_door *d, int error)
{
	uint64_t next = d->flush.page + d->flush.pages;

	d->flushing = false;
	if (!error && next < d->bytes / PAGE_BYTES) {
		forget(d, next);
		return;
	}
	d->taken = error; /* then what comes next tries again */
	release(d, error);
}

static struct part *take(struct client *c, unsigned n)
{
	struct guest *g = guest_of(c);

	return rooms_take(&g->door->rooms, &g->lodger, n);
}

static void give(struct part *p)
{
	struct room *r = (struct room *)p;

	rooms_give(r->rooms, r);
}

static const struct backend_ops ops = {
	.client_bytes = sizeof(struct guest),
	.list = list,
	.find = find,
	.info = info,
	.join = join,
	.leave = leave,
	.enter = enter,
	.exit = leave_again,
	.look = look,
	.take = take,
	.submit = submit,
	.give = give,
};

/* ---- the face's ---- */

int nbd_door_open(struct nbd_door *d, struct face *face, const char *name, uint64_t pages, unsigned depth,
                  char words[static WORDS_MAX])
{
	*d = (struct nbd_door){ .face = face, .bytes = pages * PAGE_BYTES };
	TAILQ_INIT(&d->held);
	ownership_begin(&d->ownership, name);
	spans_open(&d->spans, face, done, d);
	return rooms_open(&d->rooms, face, depth, words);
}

void nbd_door_close(struct nbd_door *d)
{
	rooms_close(&d->rooms);
}

struct backend nbd_door_backend(struct nbd_door *d)
{
	return (struct backend){ &ops, d };
}

void nbd_door_answer(struct nbd_door *d, struct face_request *q, int error)
{
	if (q != &d->flush)
		span_answer(&d->spans, (struct room *)((char *)q - offsetof(struct room, request)), error);
	else if (d->flushing)
		flushed(d, error);
}

void nbd_door_refuse(struct nbd_door *d)
{
	d->refusing = d->spans.refusing = true;
	d->flushing = false;
	for (unsigned i = 0; i < d->rooms.n; i++)
		span_answer(&d->spans, &d->rooms.room[i], EIO);
	release(d, EIO);
}

/* Who holds a room that nobody works on. */
static void hang_up(struct nbd_door *d)
{
	for (unsigned i = 0; i < d->rooms.n; i++) {
		struct lodger *l = d->rooms.room[i].lodger;

		if (!l || l->ending)
			continue;
		l->ending = true;
		l->client->hang_up(l->client, "it takes or sends nothing, and holds room that others wait for");
	}
}

void nbd_door_look(struct nbd_door *d)
{
	bool waits = !TAILQ_EMPTY(&d->rooms.queue);

	if (waits && d->waited && d->given == d->rooms.given && !d->spans.begun && !d->flushing)
		hang_up(d);
	d->waited = waits;
	d->given = d->rooms.given;
}
