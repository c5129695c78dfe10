/* SPDX-License-Identifier: BSD-2-Clause */
#include "ublk_queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ublk_cmd.h"
#include "ublk_control.h"

#define TAG_BYTES ((size_t)UBLK_MOST_PAGES * PAGE_BYTES)
#define ROUNDS 4          /* of a turn: then others of the loop are served */
#define NODE_SECONDS 5    /* until udev has made /dev/ublkcN */

static size_t asked_bytes(const struct ublk_queue *q)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (q->depth * sizeof *q->asked + page - 1) / page * page;
}

/* ---- open and close ---- */

static int init_ring(struct io_uring *ring, unsigned depth, char words[static WORDS_MAX])
{
	int error = -io_uring_queue_init(depth, ring, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
	                                                      IORING_SETUP_TASKRUN_FLAG);

	if (error)
		ublk_no_ring(error, words);
	return error ? -1 : 0;
}

int ublk_queue_probe(char words[static WORDS_MAX])
{
	struct io_uring ring;

	if (init_ring(&ring, 1, words))
		return -1;
	io_uring_queue_exit(&ring);
	return 0;
}

static int make_ring(struct ublk_queue *q, char words[static WORDS_MAX])
{
	struct io_uring ring;
	int error;

	if (init_ring(&ring, q->depth, words))
		return -1;
	q->ring = ring;
	q->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	error = q->wake < 0 ? errno : -io_uring_register_eventfd(&q->ring, q->wake);
	if (error) {
		words_print(words, "ublk: cannot make a descriptor: %s", strerror(error));
		return -1;
	}
	return 0;
}

static int make_data(struct ublk_queue *q, char words[static WORDS_MAX])
{
	size_t bytes = q->depth * TAG_BYTES;
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED) {
		words_print(words, "ublk: no memory for buffers, %zu KiB", bytes >> 10);
		return -1;
	}
	q->data = p;
	if (mlock(p, bytes)) {
		words_print(words, "ublk: cannot lock %zu KiB of buffers: %s: raise the limit of locked memory",
		            bytes >> 10, strerror(errno));
		return -1;
	}
	return 0;
}

int ublk_queue_open(struct ublk_queue *q, struct face *face, const struct face_terms *terms,
                    char words[static WORDS_MAX])
{
	*q = (struct ublk_queue){
		.face = face,
		.ring.ring_fd = -1,
		.wake = -1,
		.device = -1,
		.depth = terms->depth ? terms->depth : FACE_DEPTH,
		.pages = terms->pages,
	};
	if (q->depth > FACE_DEPTH_MAX) {
		words_print(words, "ublk: a depth of %u is too much: at most %u", q->depth, FACE_DEPTH_MAX);
		return -1;
	}
	q->tags = calloc(q->depth, sizeof *q->tags);
	if (!q->tags) {
		words_print(words, "ublk: no memory");
		return -1;
	}
	return make_data(q, words) || make_ring(q, words) ? -1 : 0;
}

/* devtmpfs has the node at once, udev a moment later. */
static int open_device(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	for (int i = 0; fd < 0 && (errno == ENOENT || errno == EACCES) && i < NODE_SECONDS * 100; i++) {
		usleep(10000);
		fd = open(path, O_RDWR | O_CLOEXEC);
	}
	return fd;
}

static void queue_command(struct ublk_queue *q, unsigned command, unsigned tag, int result)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&q->ring); /* as many as tags: there is one */
	struct ublksrv_io_cmd cmd = {
		.tag = (uint16_t)tag,
		.result = result,
		.addr = (uintptr_t)(q->data + tag * TAG_BYTES),
	};

	io_uring_prep_rw(IORING_OP_URING_CMD, sqe, q->device, NULL, 0, 0);
	sqe->cmd_op = command;
	sqe->user_data = tag;
	memcpy(sqe->cmd, &cmd, sizeof cmd);
	q->queued++;
}

int ublk_queue_attach(struct ublk_queue *q, int number, char words[static WORDS_MAX])
{
	char path[32];
	void *p;

	snprintf(path, sizeof path, "/dev/ublkc%d", number);
	q->device = open_device(path);
	if (q->device < 0) {
		words_print(words, "ublk: cannot open %s: %s", path, strerror(errno));
		return -1;
	}
	p = mmap(NULL, asked_bytes(q), PROT_READ, MAP_SHARED | MAP_POPULATE, q->device, UBLKSRV_CMD_BUF_OFFSET);
	if (p == MAP_FAILED) {
		words_print(words, "ublk: cannot map %s: %s", path, strerror(errno));
		return -1;
	}
	q->asked = p;
	for (unsigned tag = 0; tag < q->depth; tag++)
		queue_command(q, UBLK_U_IO_FETCH_REQ, tag, 0);
	return 0;
}

void ublk_queue_detach(struct ublk_queue *q)
{
	if (q->ring.ring_fd >= 0)
		io_uring_queue_exit(&q->ring);
	q->ring.ring_fd = -1;
	if (q->asked)
		munmap((void *)(uintptr_t)q->asked, asked_bytes(q));
	q->asked = NULL;
	if (q->device >= 0)
		close(q->device);
	q->device = -1;
}

void ublk_queue_close(struct ublk_queue *q)
{
	ublk_queue_detach(q);
	if (q->wake >= 0)
		close(q->wake);
	if (q->data)
		munmap(q->data, q->depth * TAG_BYTES);
	free(q->tags);
}

/* ---- requests ---- */

static void commit(struct ublk_queue *q, unsigned tag, int result)
{
	q->tags[tag].result = result;
	queue_command(q, UBLK_U_IO_COMMIT_AND_FETCH_REQ, tag, result);
}

/* What is asked, as the owner is to see it. False if it is nothing for it. */
static bool translate(struct ublk_queue *q, unsigned tag)
{
	const struct ublksrv_io_desc *d = &q->asked[tag];
	const unsigned sectors = PAGE_BYTES >> 9;
	struct face_request *r = &q->tags[tag].request;
	unsigned op = d->op_flags & 0xff;

	if (op == UBLK_IO_OP_READ)
		r->verb = FACE_GET;
	else if (op == UBLK_IO_OP_WRITE)
		r->verb = FACE_PUT;
	else if (op == UBLK_IO_OP_DISCARD || op == UBLK_IO_OP_WRITE_ZEROES)
		r->verb = FACE_FLUSH;
	else
		return false;
	r->face = q->face;
	r->page = d->start_sector / sectors;
	r->pages = d->nr_sectors / sectors;
	r->data = r->verb == FACE_FLUSH ? NULL : q->data + tag * TAG_BYTES;
	return d->start_sector % sectors == 0 && d->nr_sectors % sectors == 0 && r->pages &&
	       r->page < q->pages && r->pages <= q->pages - r->page &&
	       (r->verb == FACE_FLUSH || r->pages <= UBLK_MOST_PAGES);
}

static void asked(struct ublk_queue *q, unsigned tag)
{
	q->face->requests++;
	if ((q->asked[tag].op_flags & 0xff) == UBLK_IO_OP_FLUSH) {
		commit(q, tag, 0); /* what was answered is done */
	} else if (q->refusing || !translate(q, tag)) {
		commit(q, tag, -EIO);
	} else {
		q->tags[tag].out = true;
		q->out++;
		q->face->owner->submit(q->face->user, &q->tags[tag].request);
	}
}

void ublk_queue_answer(struct ublk_queue *q, struct face_request *r, int error)
{
	struct ublk_tag *t = (struct ublk_tag *)r; /* its first */
	unsigned tag = (unsigned)(t - q->tags);

	if (!t->out)
		return;
	t->out = false;
	q->out--;
	commit(q, tag, error ? -error : (int)(q->asked[tag].nr_sectors << 9));
}

void ublk_queue_refuse(struct ublk_queue *q)
{
	q->refusing = true;
	for (unsigned tag = 0; tag < q->depth; tag++)
		ublk_queue_answer(q, &q->tags[tag].request, EIO);
}

/* What the kernel has said: a request, or that nothing follows. Returns how much there was. */
static unsigned hear(struct ublk_queue *q)
{
	struct io_uring_cqe *cqe;
	unsigned n = 0;

	/* Without CQ entries peek would call the kernel. */
	while (io_uring_cq_ready(&q->ring) && io_uring_peek_cqe(&q->ring, &cqe) == 0) {
		unsigned tag = (unsigned)cqe->user_data;
		int result = cqe->res;

		io_uring_cqe_seen(&q->ring, cqe);
		n++;
		if (result == UBLK_IO_RES_OK) {
			asked(q, tag);
		} else if (result == -ENOMEM) {
			commit(q, tag, q->tags[tag].result); /* it was not taken */
		} else if (!q->tags[tag].ended) {
			q->tags[tag].ended = true;
			q->ended++;
		}
	}
	return n;
}

/* Of what is queued; with FETCH also what has come. */
static bool submit(struct ublk_queue *q, bool fetch)
{
	int n = fetch ? io_uring_submit_and_get_events(&q->ring) : io_uring_submit(&q->ring);

	q->face->calls++;
	if (n > 0)
		q->queued -= (unsigned)n;
	return n >= 0;
}

/* What has come before is heard. Has something come since? */
static bool forget_wake(struct ublk_queue *q)
{
	uint64_t n;

	(void)!read(q->wake, &n, sizeof n);
	q->face->calls++;
	return (__atomic_load_n(q->ring.sq.kflags, __ATOMIC_ACQUIRE) & IORING_SQ_TASKRUN) || io_uring_cq_ready(&q->ring);
}

/* As if something had come. */
static void wake(struct ublk_queue *q)
{
	uint64_t one = 1;

	(void)!write(q->wake, &one, sizeof one);
	q->face->calls++;
}

bool ublk_queue_turn(struct ublk_queue *q, bool woken)
{
	if (q->ring.ring_fd < 0)
		return true;
	for (int round = 0; round < ROUNDS; round++) {
		bool good = submit(q, true);

		woken |= hear(q) > 0;
		if (!good)
			return false;
		if (q->queued)
			continue;
		if (!woken || !forget_wake(q))
			return true;
		woken = false;
	}
	submit(q, false);
	if (!woken)
		wake(q);
	return !q->queued;
}
