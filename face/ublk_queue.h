/* SPDX-License-Identifier: BSD-2-Clause */
/* The queue of a ublk device: for each tag a request and a buffer, and a ring by which the kernel gives requests
 * out and takes answers back. The kernel copies between the buffers and its pages.
 *
 * The ring belongs to the thread that made it (SINGLE_ISSUER), and what the kernel does for it in this thread it
 * does only when it is asked (DEFER_TASKRUN): otherwise that comes as a signal, which cuts what the thread is just
 * sending elsewhere. Nobody who polls the ring's own descriptor is woken when such work comes (6.12: seen some 17 ms
 * later); an eventfd is signalled. It is also signalled by each thing that we fetch, so it is read after the fetching,
 * and then the ring's flag says whether something has come in between.
 *
 * Answers are queued, and leave with one call before the loop sleeps, which also fetches what has come meanwhile.
 * Nothing is allocated for a request, by the kernel neither: it keeps what a command took for the next one, and all
 * of it is taken by the first round of fetches. */
#ifndef FARPAGE_UBLK_QUEUE_H
#define FARPAGE_UBLK_QUEUE_H

#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>

#include "face.h"

#define UBLK_MOST_PAGES 32

struct ublk_tag {
	struct face_request request;
	bool out;          /* the owner has it */
	bool ended;        /* the kernel fetches nothing more for it */
	int result;        /* the last answer, in case that it must be given again */
};

struct ublk_queue {
	struct face *face;
	struct io_uring ring;
	int wake;                            /* readable: ublk_queue_turn() is due */
	int device;                          /* /dev/ublkcN */
	const struct ublksrv_io_desc *asked; /* for each tag what is asked, by the kernel */
	unsigned depth;
	uint64_t pages;
	struct ublk_tag *tags;
	uint8_t *data;                       /* locked; UBLK_MOST_PAGES for each tag */
	unsigned out, ended, queued;         /* tags that are out, have ended; commands not yet submitted */
	bool refusing;                       /* what comes is answered with EIO */
};

/* Does the kernel make such rings for us? -1 with words. */
int ublk_queue_probe(char words[static WORDS_MAX]);
/* The ring and the buffers, for FACE's requests. -1 with words; close in any case. */
int ublk_queue_open(struct ublk_queue *, struct face *, const struct face_terms *, char words[static WORDS_MAX]);
/* Have device NUMBER's requests. -1 with words. */
int ublk_queue_attach(struct ublk_queue *, int number, char words[static WORDS_MAX]);
/* Let go of the device. What the owner has stays valid until close. */
void ublk_queue_detach(struct ublk_queue *);
void ublk_queue_close(struct ublk_queue *);

/* Submit what is queued, and give out what has come; WOKEN: wake was readable. False if the kernel could not, for lack of memory:
 * to be called again soon, with WOKEN. */
bool ublk_queue_turn(struct ublk_queue *, bool woken);
void ublk_queue_answer(struct ublk_queue *, struct face_request *, int error);
/* Answer all that is out, and all that comes, with EIO. */
void ublk_queue_refuse(struct ublk_queue *);

#endif
