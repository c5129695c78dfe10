/* SPDX-License-Identifier: BSD-2-Clause */
/* An event loop and what its connections share. One thread a loop; nothing in
 * it is touched by another thread but through loop_adopt() and loop_stop(). */
#ifndef FARPAGE_LOOP_H
#define FARPAGE_LOOP_H

#include <ev.h>
#include <pthread.h>
#include <sys/queue.h>

#include "handshake.h"
#include "reply.h"

/* One receive takes this much at most; what is left of the last one fits
 * before it. */
#define LOOP_RX_BYTES (256u << 10)

struct conn;

struct loop {
	struct ev_loop *ev;
	struct pools *pools;
	pthread_t thread;
	ev_async wake;
	ev_tstamp busy_poll;    /* s: look so long for more before sleeping */
	ev_tstamp active;       /* when something was received last */
	bool ended;
	LIST_HEAD(, conn) conns;
	struct gather gather;
	uint8_t rx[HANDSHAKE_KEEP_BYTES + LOOP_RX_BYTES];

	pthread_mutex_t lock;   /* guards all below */
	int *inbox;             /* accepted sockets that wait to be adopted */
	size_t inbox_len, inbox_size;
	bool stopping;
};

/* NULL with errno. */
struct loop *loop_new(struct ev_loop *, struct pools *);
/* From any thread: the loop serves FD from now on, or closes it. */
void loop_adopt(struct loop *, int fd);
/* From any thread: loop_run() returns soon. */
void loop_stop(struct loop *);
void loop_run(struct loop *);
/* Hangs up on its connections. */
void loop_free(struct loop *);

#endif
