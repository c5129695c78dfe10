/* SPDX-License-Identifier: BSD-2-Clause */
/* The link to the spill: a preallocated file or a block device on this host. It is
 * read and written directly and asynchronously, so no page cache is needed when memory
 * is gone, and nobody waits but poll(). Kernel AIO and not io_uring: that may hand
 * a request to a thread that it makes then, and many a host forbids it.
 *
 * It goes down never; what cannot be done is an error of its ask. An ask that the disk
 * owes cannot be taken back: the disk may yet write to its buffer. So an owner lets such asks be.
 * Close waits CLOSE_MS for them; if the disk still owes some then, the link and all buffers
 * stay where they are as long as the process lives. */
#include "link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "spill.h"
#include "spill_hand.h"

#define CLOSE_MS 2000
#define SLICE_MS 20   /* of this wait */

struct link_spill {
	struct link link;
	int fd, event;
	uint64_t pages;
	bool up;
	struct spill_hand *hand;
	struct iocb iocb[CORE_ASKS];
	struct iocb *free[CORE_ASKS];
	struct iocb *waiting[CORE_ASKS]; /* a ring: what is next, from FIRST on */
	unsigned frees, waits, first;
	unsigned under_way;     /* with the disk */
};

static struct link_spill *self(struct link *l)
{
	return (struct link_spill *)l;
}

static void answer(struct link_spill *s, struct iocb *iocb, int error)
{
	struct ask *ask = (struct ask *)(uintptr_t)iocb->aio_data;

	s->free[s->frees++] = iocb;
	s->link.upcalls->reply(&s->link, ask, error);
}

static struct iocb *shift(struct link_spill *s)
{
	struct iocb *iocb = s->waiting[s->first];

	s->first = (s->first + 1) % CORE_ASKS;
	s->waits--;
	return iocb;
}

/* Give the disk what it may have. */
static void submit(struct link_spill *s)
{
	while (s->waits && s->under_way < HAND_MAX) {
		s->under_way++;
		hand_give(s->hand, shift(s));
	}
}

static void send_spill(struct link *l, struct ask *ask)
{
	struct link_spill *s = self(l);
	struct iocb *iocb;

	/* The pages stay allocated: their contents are sealed, and nobody has the key. */
	if (ask->kind == ASK_DISCARD) {
		l->upcalls->reply(l, ask, 0);
		return;
	}
	if (ask->page > s->pages || ask->pages > s->pages - ask->page) {
		l->upcalls->reply(l, ask, EINVAL);
		return;
	}
	if (hand_ready(s->hand) < 0) {
		l->upcalls->reply(l, ask, errno);
		return;
	}
	iocb = s->free[--s->frees];
	*iocb = (struct iocb){
		.aio_data = (uintptr_t)ask,
		.aio_lio_opcode = ask->kind == ASK_PUT ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD,
		.aio_fildes = (uint32_t)s->fd,
		.aio_buf = (uintptr_t)ask->data,
		.aio_nbytes = (uint64_t)ask->pages * PAGE_BYTES,
		.aio_offset = (int64_t)((SPILL_LABEL_PAGES + ask->page) * PAGE_BYTES),
		.aio_flags = IOCB_FLAG_RESFD,
		.aio_resfd = (uint32_t)s->event,
	};
	s->waiting[(s->first + s->waits++) % CORE_ASKS] = iocb;
	submit(s);
}

/* It was with the disk at once. */
static void send_nothing(struct link *l)
{
	(void)l;
}

static struct iocb *iocb_of(const struct io_event *event)
{
	return (struct iocb *)(uintptr_t)event->obj;
}

/* A page of which only a part was read or written is none. */
static int error_of(const struct io_event *event)
{
	if (event->res < 0)
		return (int)-event->res;
	return (uint64_t)event->res == iocb_of(event)->aio_nbytes ? 0 : EIO;
}

/* The descriptor is reset first: what is done from then on sets it anew. And the
 * disk has its next work before anybody is told. */
static void notify_spill(struct link *l, short revents)
{
	struct link_spill *s = self(l);
	struct io_event event[HAND_MAX];
	uint64_t count;
	unsigned n;

	if (!(revents & POLLIN) || read(s->event, &count, sizeof count) < 0 || !s->under_way)
		return;
	n = hand_reap(s->hand, event, 0);
	s->under_way -= n;
	submit(s);
	for (unsigned i = 0; i < n; i++)
		answer(s, iocb_of(&event[i]), error_of(&event[i]));
}

static void connect_spill(struct link *l)
{
	self(l)->up = true;
	l->upcalls->up(l, "spill", self(l)->pages);
}

static void close_spill(struct link *l)
{
	struct link_spill *s = self(l);
	struct io_event event[HAND_MAX];

	s->up = false;
	while (s->waits)
		s->free[s->frees++] = shift(s);
	for (int ms = 0; s->under_way && ms < CLOSE_MS; ms += SLICE_MS) {
		unsigned n = hand_reap(s->hand, event, SLICE_MS);

		s->under_way -= n;
		for (unsigned i = 0; i < n; i++)
			s->free[s->frees++] = iocb_of(&event[i]);
	}
}

/* Here also, because this is called before memory is short, and in time. */
static struct pollfd interest_spill(struct link *l)
{
	struct link_spill *s = self(l);

	if (!s->up)
		return (struct pollfd){ .fd = -1 };
	hand_ready(s->hand);
	return (struct pollfd){ .fd = s->event, .events = POLLIN };
}

static bool free_spill(struct link *l)
{
	struct link_spill *s = self(l);

	close_spill(l);
	if (s->hand)
		hand_close(s->hand, !s->under_way);
	if (s->under_way)
		return false;
	if (s->event >= 0)
		close(s->event);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
	return true;
}

static const struct link_ops ops = {
	.connect = connect_spill,
	.close = close_spill,
	.send = send_spill,
	.send_queued = send_nothing,
	.interest = interest_spill,
	.notify = notify_spill,
	.free = free_spill,
};

struct link *link_spill(const char *path, uint64_t pages, char words[static WORDS_MAX])
{
	struct link_spill *s = calloc(1, sizeof *s);

	if (!s) {
		words_print(words, "spill: %s", strerror(errno));
		return NULL;
	}
	s->link.ops = &ops;
	strcpy(s->link.name, "spill");
	s->event = s->fd = -1;
	s->pages = pages;
	for (unsigned i = 0; i < CORE_ASKS; i++)
		s->free[s->frees++] = &s->iocb[i];
	s->fd = spill_open(path, &s->pages, words);
	if (s->fd < 0) {
		free_spill(&s->link);
		return NULL;
	}
	s->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	s->hand = s->event < 0 ? NULL : hand_open(s->fd, s->event);
	if (!s->hand) {
		words_print(words, "spill=%.200s: asynchronous I/O: %s%s", path,
		            strerror(errno), errno == EAGAIN ? "; raise fs.aio-max-nr" : "");
		free_spill(&s->link);
		return NULL;
	}
	return &s->link;
}
