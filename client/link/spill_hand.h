/* SPDX-License-Identifier: BSD-2-Clause */
/* Submits to the disk of the spill, in a process of its own that has our memory: what hangs
 * in the kernel, for a filesystem is frozen or a disk is dead, is that process and
 * nobody who holds a lock; and when we end, only it waits for what the disk still owes. It ends
 * with us, or when the disk lets it go. A process that forks starts another one. */
#ifndef FARPAGE_SPILL_HAND_H
#define FARPAGE_SPILL_HAND_H

#include <stdbool.h>

#include "aio.h"

/* At most so many are with the disk: enough to keep it busy. */
#define HAND_MAX 32u

struct spill_hand;

/* For the file FD; EVENT is signalled when something is done, or could not be submitted. NULL
 * with errno. */
struct spill_hand *hand_open(int fd, int event);
/* Start it, if this process has none. 0, or -1 with errno. */
int hand_ready(struct spill_hand *);
/* Submit IOCB; no more than HAND_MAX are under way. */
void hand_give(struct spill_hand *, struct iocb *);
/* What is done, HAND_MAX at most, waiting MS for the first. What could not be submitted is
 * done with its error. */
unsigned hand_reap(struct spill_hand *, struct io_event *, int ms);
/* IDLE: nothing is under way, and it is freed. Otherwise it stays, with its memory. */
void hand_close(struct spill_hand *, bool idle);

#endif
