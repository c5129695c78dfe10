/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands to /dev/ublk-control.
 *
 * The kernel has each carried out by a thread of io_uring's (iou-wrk-*), which stays as long as the thread that
 * asked. So only a thread that soon ends asks. It has all signals blocked: they would interrupt START_DEV. */
#ifndef FARPAGE_UBLK_CONTROL_H
#define FARPAGE_UBLK_CONTROL_H

#include <liburing.h>
#include <pthread.h>

#include "words.h"

#define UBLK_ANY_DEVICE UINT32_MAX

struct ublk_control {
	struct io_uring ring;
	int fd;
};

/* -1 with words. */
int ublk_control_open(struct ublk_control *, char words[static WORDS_MAX]);
void ublk_control_close(struct ublk_control *);
/* BUFFER is what the command reads or writes, LEN bytes, and VALUE its number, where it has such. 0 or a negative
 * errno; -ETIME if it is not done after SECONDS (0: for ever). */
int ublk_control(struct ublk_control *, unsigned command, uint32_t device, void *buffer, uint16_t len,
                 uint64_t value, unsigned seconds);

/* Why a ring could not be made, which failed with ERROR. */
void ublk_no_ring(int error, char words[static WORDS_MAX]);

/* A thread with a small stack and all signals blocked, for WORK(DATA). 0 or an errno. */
int ublk_thread(pthread_t *, void *(*work)(void *), void *data);

#endif
