/* SPDX-License-Identifier: BSD-2-Clause */
/* The face of NBD clients: of a kernel's nbd.ko over a unix socket, or of other hosts over TCP. */
#include "face_nbd.h"

#include <errno.h>
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "listen.h"
#include "nbd_door.h"
#include "serve.h"

#define LISTENS_MAX  16
#define LOOK_SECONDS 5.

struct nbd {
	struct face face;
	struct nbd_door door;
	const struct face_nbd_terms *terms;
	struct ev_loop *ev;
	struct limits limits;
	struct budget budget;
	struct loops loops;
	struct loop *loop;      /* loops' only one */
	struct listener *listener[LISTENS_MAX];
	ev_timer soon;          /* the owner is told what has happened */
	ev_timer look;
	bool started, ended;    /* the owner was told */
};

static void say(struct ev_loop *ev, ev_timer *w, int events)
{
	struct nbd *n = w->data;

	(void)ev, (void)events;
	if (!n->started) {
		n->started = true;
		n->face.owner->started(n->face.user, NULL);
	}
	if (n->loop->ended && !n->ended) {
		n->ended = true;
		n->face.owner->ended(n->face.user, NULL);
	}
}

static void say_soon(struct nbd *n)
{
	ev_timer_stop(n->ev, &n->soon);
	ev_timer_set(&n->soon, 0., 0.);
	ev_timer_start(n->ev, &n->soon);
}

static void loop_ended(void *data)
{
	say_soon(data);
}

static void look(struct ev_loop *ev, ev_timer *w, int events)
{
	struct nbd *n = w->data;

	(void)ev, (void)events;
	nbd_door_look(&n->door);
}

static void nbd_close(struct face *face)
{
	struct nbd *n = (struct nbd *)face;

	for (unsigned i = 0; i < LISTENS_MAX; i++)
		listen_close(n->listener[i]);
	loop_free(n->loop);
	ev_timer_stop(n->ev, &n->soon);
	ev_timer_stop(n->ev, &n->look);
	tls_free(n->loops.shared.tls);
	limits_free(&n->limits);
	nbd_door_close(&n->door);
	free(n);
}

static int make_tls(struct nbd *n, char words[static WORDS_MAX])
{
	const struct face_nbd_terms *t = n->terms;
	struct shared *s = &n->loops.shared;

	if (!t->tls_allow && !t->tls_require)
		return 0;
	s->tls_mode = t->tls_require ? TLS_REQUIRE : TLS_ALLOW;
	s->tls = tls_new(t->tls_certificates, t->tls_psk, words);
	return s->tls ? 0 : -1;
}

static int make_loop(struct nbd *n, char words[static WORDS_MAX])
{
	const struct face_nbd_terms *t = n->terms;

	n->loops = (struct loops){
		.loop = &n->loop,
		.n = 1,
		.shared = { .backend = nbd_door_backend(&n->door), .limits = &n->limits, .budget = &n->budget,
		            .dead_after = t->dead_after ? t->dead_after : FACE_NBD_DEAD_AFTER },
		.exposed = t->exposed || t->tls_require,
		.listen = t->listen,
		.listens = t->listens,
	};
	if (make_tls(n, words))
		return -1;
	n->loop = serve_new(n->ev, &n->loops.shared);
	if (!n->loop) {
		words_print(words, "nbd: %s", strerror(errno));
		return -1;
	}
	n->loop->on_end = loop_ended;
	n->loop->end_data = n;
	return 0;
}

const char *face_nbd_wrong(const char *address)
{
	return listen_wrong(address);
}

/* Where it is to listen is seen when it does. */
static int nbd_probe(char words[static WORDS_MAX])
{
	(void)words;
	return 0;
}

static struct face *nbd_open(struct ev_loop *ev, const struct face_terms *terms, const struct face_owner *owner,
                             void *user, char words[static WORDS_MAX])
{
	unsigned most = terms->nbd->connections ? terms->nbd->connections : FACE_NBD_CONNECTIONS;
	struct nbd *n = calloc(1, sizeof *n);

	if (!n) {
		words_print(words, "nbd: no memory");
		return NULL;
	}
	n->face = (struct face){ .ops = &face_nbd, .owner = owner, .user = user, .most_pages = PART_PAGES };
	n->ev = ev;
	n->terms = terms->nbd;
	snprintf(n->face.where, sizeof n->face.where, "%s", n->terms->listens ? n->terms->listen[0] : "");
	ev_timer_init(&n->soon, say, 0., 0.);
	ev_timer_init(&n->look, look, LOOK_SECONDS, LOOK_SECONDS);
	n->soon.data = n->look.data = n;
	limits_init(&n->limits, most, most, most);
	if (nbd_door_open(&n->door, &n->face, n->terms->name, terms->pages,
	                  terms->depth ? terms->depth : FACE_DEPTH, words) == 0 &&
	    make_loop(n, words) == 0)
		return &n->face;
	nbd_close(&n->face);
	return NULL;
}

static int nbd_start(struct face *face, char words[static WORDS_MAX])
{
	struct nbd *n = (struct nbd *)face;

	if (!n->terms->listens || n->terms->listens > LISTENS_MAX) {
		words_print(words, "nbd: between 1 and %d addresses to listen on", LISTENS_MAX);
		return -1;
	}
	for (unsigned i = 0; i < n->terms->listens; i++) {
		n->listener[i] = listen_on(n->terms->listen[i], &n->loops, words);
		if (!n->listener[i])
			return -1;
	}
	n->loops.listens = 0;
	ev_timer_start(n->ev, &n->look);
	say_soon(n);
	return 0;
}

static void nbd_answer(struct face *face, struct face_request *request, int error)
{
	nbd_door_answer(&((struct nbd *)face)->door, request, error);
}

static bool nbd_in_use(struct face *face, char words[static WORDS_MAX])
{
	const struct nbd_door *d = &((struct nbd *)face)->door;

	if (!d->joined)
		return false;
	if (ownership_is_held(&d->ownership))
		return words_print(words, "%s is in use: %.63s owns it and is connected: swapoff there, and disconnect",
		                   face->where, d->ownership.host);
	return words_print(words, "%s is in use: %u clients are connected", face->where, d->joined);
}

static void nbd_stop(struct face *face, bool force)
{
	struct nbd *n = (struct nbd *)face;

	for (unsigned i = 0; i < LISTENS_MAX; i++) {
		listen_close(n->listener[i]);
		n->listener[i] = NULL;
	}
	loop_stop(n->loop);
	if (force)
		nbd_door_refuse(&n->door);
}

const struct face_ops face_nbd = {
	.name = "nbd",
	.probe = nbd_probe,
	.open = nbd_open,
	.start = nbd_start,
	.answer = nbd_answer,
	.in_use = nbd_in_use,
	.stop = nbd_stop,
	.close = nbd_close,
};
