/* SPDX-License-Identifier: BSD-2-Clause */
/* The link to the spill: a preallocated file or a block device on this host. It is
 * read and written directly and asynchronously, so no page cache is needed when memory
 * is gone, and nobody waits but poll(). Kernel AIO and not io_uring: that may hand
 * a request to a thread that it makes then, and many a host forbids it.
 *
 * It goes down never; what cannot be done is an error of its ask. An ask that the disk
 * owes cannot be taken back: the disk may yet write to its buffer. So close waits for
 * what is under way, WITHOUT A BOUND: as long as the kernel takes to give a
 * dead disk up (SCSI and NVMe: about 30 s and some retries; virtio and NFS: never).
 * So an owner should rather let such asks be than close this link. */
#include "link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "aio.h"
#include "spill.h"

/* At most so many are with the disk: enough to keep it busy, and less than the 64
 * requests of a common disk's queue, where submitting begins to block. */
#define UNDER_WAY_MAX 32u

struct link_spill {
	struct link link;
	int fd, event;
	uint64_t pages;
	bool up;
	aio_context_t *aio;     /* in a page that a fork clears; 0: not made yet */
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

/* Once a process: nbdkit forks after it opened its plugin. */
static int ready(struct link_spill *s)
{
	return *s->aio ? 0 : aio_setup(UNDER_WAY_MAX, s->aio);
}

static void answer(struct link_spill *s, struct iocb *iocb, int error)
{
	struct ask *ask = (struct ask *)(uintptr_t)iocb->aio_data;

	s->free[s->frees++] = iocb;
	s->link.upcalls->reply(&s->link, ask, error);
}

static struct iocb *shift(struct link_spill *s, unsigned n)
{
	struct iocb *iocb = s->waiting[s->first];

	s->first = (s->first + n) % CORE_ASKS;
	s->waits -= n;
	return iocb;
}

/* Give the disk what it may have. */
static void submit(struct link_spill *s)
{
	while (s->waits && s->under_way < UNDER_WAY_MAX) {
		unsigned n = UNDER_WAY_MAX - s->under_way;
		int taken;

		n = n < s->waits ? n : s->waits;
		n = n < CORE_ASKS - s->first ? n : CORE_ASKS - s->first;
		taken = ready(s) < 0 ? -1 : aio_submit(*s->aio, n, &s->waiting[s->first]);
		if (taken > 0) {
			shift(s, (unsigned)taken);
			s->under_way += (unsigned)taken;
		} else if (taken < 0 && errno == EAGAIN && s->under_way) {
			return; /* the kernel is short of something: with the next reply */
		} else {
			answer(s, shift(s, 1), taken < 0 ? errno : EIO);
		}
	}
}

static void send_spill(struct link *l, struct ask *ask)
{
	struct link_spill *s = self(l);
	struct iocb *iocb;

	/* The pages stay allocated: their contents are sealed, and nobody has the key. */
	if (ask->kind == ASK_FLUSH) {
		l->upcalls->reply(l, ask, 0);
		return;
	}
	if (ask->page > s->pages || ask->pages > s->pages - ask->page) {
		l->upcalls->reply(l, ask, EINVAL);
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
static void flush_nothing(struct link *l)
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

/* What is done; MIN of it are waited for. -1 when a signal came. */
static int reap(struct link_spill *s, long min, struct io_event *event)
{
	struct timespec none = {0};
	int n = aio_events(*s->aio, min, UNDER_WAY_MAX, event, min ? NULL : &none);

	if (n > 0)
		s->under_way -= (unsigned)n;
	return n;
}

/* The descriptor is reset first: what is done from then on sets it anew. And the
 * disk has its next work before anybody is told. */
static void notify_spill(struct link *l, short revents)
{
	struct link_spill *s = self(l);
	struct io_event event[UNDER_WAY_MAX];
	uint64_t count;
	int n;

	if (!(revents & POLLIN) || read(s->event, &count, sizeof count) < 0 || !s->under_way)
		return;
	n = reap(s, 0, event);
	submit(s);
	for (int i = 0; i < n; i++)
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
	struct io_event event[UNDER_WAY_MAX];

	s->up = false;
	while (s->waits)
		s->free[s->frees++] = shift(s, 1);
	while (s->under_way) {
		int n = reap(s, 1, event);

		for (int i = 0; i < n; i++)
			s->free[s->frees++] = iocb_of(&event[i]);
	}
}

/* Here also, because this is called before memory is short, and in time. */
static struct pollfd interest_spill(struct link *l)
{
	struct link_spill *s = self(l);

	if (!s->up)
		return (struct pollfd){ .fd = -1 };
	ready(s);
	return (struct pollfd){ .fd = s->event, .events = POLLIN };
}

static void free_spill(struct link *l)
{
	struct link_spill *s = self(l);

	close_spill(l);
	if (s->aio != MAP_FAILED) {
		if (*s->aio)
			aio_destroy(*s->aio);
		munmap(s->aio, sizeof *s->aio);
	}
	if (s->event >= 0)
		close(s->event);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

static const struct link_ops ops = {
	.connect = connect_spill,
	.close = close_spill,
	.send = send_spill,
	.flush = flush_nothing,
	.interest = interest_spill,
	.notify = notify_spill,
	.free = free_spill,
};

static int make(struct link_spill *s)
{
	s->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	s->aio = mmap(NULL, sizeof *s->aio, PROT_READ | PROT_WRITE,
	              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s->event < 0 || s->aio == MAP_FAILED ||
	    madvise(s->aio, sizeof *s->aio, MADV_WIPEONFORK) < 0)
		return -1;
	return ready(s);
}

struct link *link_spill(const char *path, uint64_t pages, char *words)
{
	struct link_spill *s = calloc(1, sizeof *s);

	if (!s) {
		snprintf(words, LINK_WORDS_MAX, "spill: %s", strerror(errno));
		return NULL;
	}
	s->link.ops = &ops;
	strcpy(s->link.name, "spill");
	s->event = s->fd = -1;
	s->pages = pages;
	s->aio = MAP_FAILED;
	for (unsigned i = 0; i < CORE_ASKS; i++)
		s->free[s->frees++] = &s->iocb[i];
	s->fd = spill_open(path, &s->pages, words);
	if (s->fd < 0) {
		free_spill(&s->link);
		return NULL;
	}
	if (make(s) < 0) {
		snprintf(words, LINK_WORDS_MAX, "spill=%.200s: asynchronous I/O: %s%s", path,
		         strerror(errno), errno == EAGAIN ? "; raise fs.aio-max-nr" : "");
		free_spill(&s->link);
		return NULL;
	}
	return &s->link;
}
