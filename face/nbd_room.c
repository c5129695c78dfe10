/* SPDX-License-Identifier: BSD-2-Clause */
#include "nbd_room.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static int make_data(struct rooms *r, char words[static WORDS_MAX])
{
	size_t bytes = r->n * (size_t)ROOM_BYTES;
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED) {
		words_print(words, "nbd: no memory for buffers, %zu KiB", bytes >> 10);
		return -1;
	}
	r->data = p;
	r->bytes = bytes;
	if (mlock(p, bytes)) {
		words_print(words, "nbd: cannot lock %zu KiB of buffers: %s: raise the limit of locked memory",
		            bytes >> 10, strerror(errno));
		return -1;
	}
	return 0;
}

int rooms_open(struct rooms *r, struct face *face, unsigned n, char words[static WORDS_MAX])
{
	*r = (struct rooms){ .n = n, .left = n };
	TAILQ_INIT(&r->queue);
	TAILQ_INIT(&r->over);
	r->room = calloc(n, sizeof *r->room);
	if (!r->room) {
		words_print(words, "nbd: no memory");
		return -1;
	}
	if (make_data(r, words))
		return -1;
	for (unsigned i = n; i-- > 0; ) {
		struct room *room = &r->room[i];

		room->part.room = r->data + i * (size_t)ROOM_BYTES;
		room->request.face = face;
		room->rooms = r;
		room->next = r->free;
		r->free = room;
	}
	return 0;
}

void rooms_close(struct rooms *r)
{
	if (r->data)
		munmap(r->data, r->bytes);
	free(r->room);
	*r = (struct rooms){0};
}

/* A host's kernel asks for up to 1280 KiB at a time: of 32 rooms, that is 10. */
unsigned rooms_at_once(const struct rooms *r)
{
	unsigned n = r->n * 3 / 8;

	return n ? n : 1;
}

void rooms_enter(struct rooms *r, struct lodger *l, struct client *client)
{
	*l = (struct lodger){ .client = client };
	r->lodgers++;
}

static void leave_queue(struct rooms *r, struct lodger *l)
{
	if (l->queued || l->over)
		TAILQ_REMOVE(l->queued ? &r->queue : &r->over, l, link);
	l->queued = l->over = false;
}

/* Is there what the first one waits for? */
static void call_first(struct rooms *r)
{
	struct lodger *l = TAILQ_FIRST(&r->queue);

	if (l && l->wants <= r->left)
		l->client->stir(l->client);
}

static void call_all(struct rooms *r)
{
	struct lodger *l;

	TAILQ_FOREACH(l, &r->over, link)
		l->client->stir(l->client);
	call_first(r);
}

void rooms_leave(struct rooms *r, struct lodger *l)
{
	leave_queue(r, l);
	for (unsigned i = 0; l->held && i < r->n; i++) {
		struct room *room = &r->room[i];

		if (room->lodger != l)
			continue;
		room->lodger = NULL;
		l->held--;
		if (l->looks)
			r->looked--;
	}
	r->lodgers--;
	call_all(r);
}

void rooms_looks(struct rooms *r, struct lodger *l, bool looks)
{
	if (l->looks == looks)
		return;
	l->looks = looks;
	if (looks)
		r->looked += l->held;
	else
		r->looked -= l->held;
}

static unsigned share(const struct rooms *r, const struct lodger *l)
{
	unsigned most = l->looks ? rooms_at_once(r) : r->n - r->n / (r->lodgers > 1 ? 4 : 8);

	return most ? most : 1;
}

/* Would it have too much? */
static bool is_over(const struct rooms *r, const struct lodger *l, unsigned n)
{
	unsigned half = r->n > 1 ? r->n / 2 : 1;

	return l->held + n > share(r, l) || (l->looks && r->looked + n > half);
}

/* It no longer waits behind others for what it has itself. */
static void wait_over(struct rooms *r, struct lodger *l)
{
	leave_queue(r, l);
	l->over = true;
	TAILQ_INSERT_TAIL(&r->over, l, link);
	call_first(r);
}

static void wait_in_queue(struct rooms *r, struct lodger *l, unsigned n)
{
	if (!l->queued) {
		leave_queue(r, l);
		l->queued = true;
		TAILQ_INSERT_TAIL(&r->queue, l, link);
	}
	l->wants = n;
}

static struct part *take_one(struct rooms *r, struct lodger *l)
{
	struct room *room = r->free;

	r->free = room->next;
	r->left--;
	room->lodger = l;
	l->held++;
	if (l->looks)
		r->looked++;
	return &room->part;
}

struct part *rooms_take(struct rooms *r, struct lodger *l, unsigned n)
{
	struct lodger *first = TAILQ_FIRST(&r->queue);
	struct part *list = NULL;

	if (is_over(r, l, n)) {
		wait_over(r, l);
		return NULL;
	}
	if (r->left < n || (first && first != l)) {
		wait_in_queue(r, l, n);
		return NULL;
	}
	leave_queue(r, l);
	while (n--) {
		struct part *p = take_one(r, l);

		p->next = list;
		list = p;
	}
	if (first)
		call_first(r);
	return list;
}

void rooms_give(struct rooms *r, struct room *room)
{
	struct lodger *l = room->lodger;

	if (l) {
		l->held--;
		if (l->looks)
			r->looked--;
	}
	room->lodger = NULL;
	room->next = r->free;
	r->free = room;
	r->left++;
	r->given++;
	if (!TAILQ_EMPTY(&r->over) || !TAILQ_EMPTY(&r->queue))
		call_all(r);
}
