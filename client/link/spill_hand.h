/* SPDX-License-Identifier: BSD-2-Clause */
/* Submits to the spill's disk in a separate process that shares our memory. When a filesystem is
 * frozen or a disk is dead, only that process hangs in the kernel, and no thread that holds a
 * lock; and when we end, only it waits for what the disk still owes. It ends with us, or when
 * the disk lets it go. A process that forks starts another one. */
#ifndef FARPAGE_SPILL_HAND_H
#define FARPAGE_SPILL_HAND_H

#include <stdbool.h>

#include "aio.h"

/* At most so many requests are with the disk: enough to keep it busy. */
#define HAND_MAX 32u

struct spill_hand;

/* For the file FD. EVENT is signalled when a request is done, or could not be submitted. NULL
 * with errno. */
struct spill_hand *hand_open(int fd, int event);
/* Start it, if this process has none. 0, or -1 with errno. */
int hand_ready(struct spill_hand *);
/* Submit IOCB; at most HAND_MAX may be under way. */
void hand_give(struct spill_hand *, struct iocb *);
/* Get requests that are done, at most HAND_MAX, waiting MS for the first. One that could not be
 * submitted is done with that error. */
unsigned hand_reap(struct spill_hand *, struct io_event *, int ms);
/* IDLE: nothing is under way, so free it. Otherwise it stays, with its memory. */
void hand_close(struct spill_hand *, bool idle);

#endif
