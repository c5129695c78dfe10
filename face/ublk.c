/* SPDX-License-Identifier: BSD-2-Clause */
/* The face of a host's own kernel: a block device, /dev/ublkbN. No socket is between, and nothing is allocated for
 * an answer, so it is the one for a kernel that swaps and has no memory left.
 *
 * If this process dies, the device goes with it (recovery is off): nobody may ever answer for pages that he has no
 * records of. Its number can be had again, see ublk_device.c. But if the kernel swapped there, that cannot be undone
 * before the next boot (6.12.117, seen): /proc/swaps has "/dev/ublkb0 (deleted)", which swapoff cannot open; lost
 * pages are SIGBUS; and the dead area keeps its priority, so that each page that is to go out fails there and none
 * goes to the disk behind it. Nothing may kill it: neither the OOM killer nor a service manager. */
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>

#include "face.h"
#include "ublk_device.h"
#include "ublk_queue.h"
#include "ublk_use.h"

#define LEAVE_SECONDS 5.    /* so long what is out may be answered after stop() */
#define GIVE_UP_SECONDS 10. /* and then so long may the kernel take */
#define AGAIN_SECONDS 0.001

enum state {
	UBLK_NONE,     /* no device */
	UBLK_ADDED,    /* /dev/ublkcN is there */
	UBLK_STARTING, /* the kernel reads it before it shows it */
	UBLK_LIVE,     /* /dev/ublkbN is there */
	UBLK_STOPPING, /* the kernel takes /dev/ublkbN away */
	UBLK_DELETING, /* and frees its number */
	UBLK_ENDED,
};

struct ublk {
	struct face face;
	struct ev_loop *loop;
	enum state state;
	struct ublk_queue queue;
	struct ublk_device *device;
	ev_io ready;          /* the kernel asks */
	ev_prepare sleep;     /* the loop will sleep */
	ev_timer again;       /* the kernel had no memory */
	ev_timer patience;    /* stopping */
	ev_io errand;         /* what the kernel was asked to do with the device is done */
	bool stop_asked, why_set;
	char why[WORDS_MAX];  /* what has gone wrong */
};

static void __attribute__((format(printf, 2, 3))) remember(struct ublk *u, const char *format, ...)
{
	va_list ap;

	if (u->why_set)
		return;
	va_start(ap, format);
	words_vprint(u->why, format, ap);
	va_end(ap);
	u->why_set = true;
}

/* ---- the end ---- */

static void unwatch(struct ublk *u)
{
	ev_io_stop(u->loop, &u->ready);
	ev_prepare_stop(u->loop, &u->sleep);
	ev_timer_stop(u->loop, &u->again);
	ev_timer_stop(u->loop, &u->patience);
}

static void end(struct ublk *u)
{
	u->state = UBLK_ENDED;
	unwatch(u);
	ublk_queue_detach(&u->queue);
	u->face.owner->ended(u->face.user, u->why_set ? u->why : NULL);
}

static void delete(struct ublk *u)
{
	char words[WORDS_MAX];

	ublk_queue_turn(&u->queue, true); /* the last that it says */
	ublk_queue_refuse(&u->queue);
	unwatch(u);
	ublk_queue_detach(&u->queue); /* who has it open is waited for */
	u->state = UBLK_DELETING;
	if (ublk_device_begin(u->device, UBLK_DELETE, words)) {
		remember(u, "%s", words);
		end(u);
	}
}

static void begin_stop(struct ublk *u)
{
	char words[WORDS_MAX];

	u->state = UBLK_STOPPING;
	if (ublk_device_begin(u->device, UBLK_STOP, words)) { /* without us, the kernel ends it all the same */
		remember(u, "%s", words);
		end(u);
	}
}

static void errand_ended(struct ev_loop *loop, ev_io *w, int events)
{
	struct ublk *u = w->data;
	char words[WORDS_MAX];
	int result = ublk_device_await(u->device, words);

	(void)loop, (void)events;
	if (result < 0)
		remember(u, "%s", words);
	if (u->state == UBLK_STARTING) {
		u->state = UBLK_LIVE;
		u->face.owner->started(u->face.user, result < 0 ? u->why : NULL);
		if (u->state == UBLK_LIVE && (result < 0 || u->stop_asked))
			begin_stop(u);
	} else if (u->state == UBLK_STOPPING) {
		delete(u);
	} else {
		end(u);
	}
}

/* ---- the loop ---- */

static void turn(struct ublk *u, bool woken)
{
	if (!ublk_queue_turn(&u->queue, woken))
		ev_timer_again(u->loop, &u->again);
	/* Somebody else has stopped it. */
	if (u->state == UBLK_LIVE && u->queue.ended == u->queue.depth) {
		remember(u, "%s was stopped by another process, or by the kernel", u->face.where);
		begin_stop(u);
	}
}

static void ready(struct ev_loop *loop, ev_io *w, int events)
{
	(void)loop, (void)events;
	turn(w->data, true);
}

static void before_sleep(struct ev_loop *loop, ev_prepare *w, int events)
{
	struct ublk *u = w->data;

	(void)loop, (void)events;
	if (u->queue.queued)
		turn(u, false);
}

static void again(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)events;
	ev_timer_stop(loop, w);
	turn(w->data, true);
}

static void out_of_patience(struct ev_loop *loop, ev_timer *w, int events)
{
	struct ublk *u = w->data;

	(void)loop, (void)events;
	if (!u->queue.refusing) {
		ublk_queue_refuse(&u->queue);
		w->repeat = GIVE_UP_SECONDS;
		ev_timer_again(u->loop, w);
	} else {
		remember(u, "the kernel does not let %s go", u->face.where);
		end(u);
	}
}

/* ---- the table ---- */

static void watch(struct ublk *u)
{
	ev_io_init(&u->ready, ready, u->queue.wake, EV_READ);
	ev_prepare_init(&u->sleep, before_sleep);
	ev_set_priority(&u->sleep, EV_MINPRI); /* after all who may answer */
	ev_timer_init(&u->again, again, 0., AGAIN_SECONDS);
	ev_timer_init(&u->patience, out_of_patience, 0., LEAVE_SECONDS);
	ev_io_init(&u->errand, errand_ended, u->device->done, EV_READ);
	u->ready.data = u->sleep.data = u->again.data = u->patience.data = u->errand.data = u;
}

static void ublk_close(struct face *face)
{
	struct ublk *u = (struct ublk *)face;
	char words[WORDS_MAX];

	if (u->state == UBLK_ADDED) {
		ublk_queue_detach(&u->queue);
		if (ublk_device_begin(u->device, UBLK_DELETE, words) == 0)
			ublk_device_await(u->device, words);
	}
	ev_io_stop(u->loop, &u->errand);
	unwatch(u);
	ublk_queue_close(&u->queue);
	ublk_device_free(u->device);
	free(u);
}

static int ublk_probe(char words[static WORDS_MAX])
{
	return ublk_queue_probe(words) || ublk_device_probe(words) ? -1 : 0;
}

static struct face *ublk_open(struct ev_loop *loop, const struct face_terms *terms, const struct face_owner *owner,
                              void *user, char words[static WORDS_MAX])
{
	struct ublk *u = calloc(1, sizeof *u);

	if (!u) {
		words_print(words, "ublk: no memory");
		return NULL;
	}
	u->face = (struct face){ .ops = &face_ublk, .owner = owner, .user = user, .most_pages = UBLK_MOST_PAGES };
	u->loop = loop;
	if (ublk_queue_open(&u->queue, &u->face, terms, words))
		goto err;
	u->device = ublk_device_add(terms->device, u->queue.depth, UBLK_MOST_PAGES, terms->pages, words);
	if (!u->device)
		goto err;
	u->state = UBLK_ADDED;
	snprintf(u->face.where, sizeof u->face.where, "/dev/ublkb%u", u->device->info.dev_id);
	watch(u);
	return &u->face;
err:
	ublk_close(&u->face);
	return NULL;
}

static int ublk_start(struct face *face, char words[static WORDS_MAX])
{
	struct ublk *u = (struct ublk *)face;

	if (ublk_queue_attach(&u->queue, (int)u->device->info.dev_id, words))
		return -1;
	if (!ublk_queue_turn(&u->queue, false)) {
		words_print(words, "ublk: no memory to ask %s for requests", u->face.where);
		return -1;
	}
	if (ublk_device_begin(u->device, UBLK_START, words))
		return -1;
	u->state = UBLK_STARTING;
	ev_io_start(u->loop, &u->ready);
	ev_io_start(u->loop, &u->errand);
	ev_prepare_start(u->loop, &u->sleep);
	return 0;
}

static void ublk_answer(struct face *face, struct face_request *request, int error)
{
	ublk_queue_answer(&((struct ublk *)face)->queue, request, error);
}

static bool ublk_in_use(struct face *face, char words[static WORDS_MAX])
{
	return ublk_use(face->where, words);
}

static void ublk_stop(struct face *face, bool force)
{
	struct ublk *u = (struct ublk *)face;

	if (force)
		ublk_queue_refuse(&u->queue);
	if (u->stop_asked)
		return;
	u->stop_asked = true;
	ev_timer_again(u->loop, &u->patience);
	if (u->state == UBLK_LIVE)
		begin_stop(u);
}

const struct face_ops face_ublk = {
	.name = "ublk",
	.probe = ublk_probe,
	.open = ublk_open,
	.start = ublk_start,
	.answer = ublk_answer,
	.in_use = ublk_in_use,
	.stop = ublk_stop,
	.close = ublk_close,
};
