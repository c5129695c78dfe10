/* SPDX-License-Identifier: BSD-2-Clause */
/* An event loop and what its connections share. One thread a loop; nothing in
 * it is touched by another thread but through loop_adopt() and loop_stop(). */
#ifndef FARPAGE_LOOP_H
#define FARPAGE_LOOP_H

#include <ev.h>
#include <pthread.h>
#include <sys/queue.h>

#include "budget.h"
#include "handshake.h"
#include "limit.h"
#include "reply.h"
#include "stream.h"

/* One receive takes this much at most; what is left of the last one fits
 * before it. */
#define LOOP_RX_BYTES (256u << 10)
/* When the lender ends, each connection may go on until it is owed nothing. After so long what
 * they ask is ESHUTDOWN, and one that stands still twice as long is hung up on; and then all are. */
#define LOOP_REFUSE_SECONDS 1.
#define LOOP_END_LOOKS      10 /* each after as long */

struct conn;
struct loop;

/* What the connections of all loops share. */
struct shared {
	struct backend backend;
	struct limits *limits;
	struct budget *budget;
	enum tls_mode tls_mode;
	struct tls *tls;        /* NULL: TLS_OFF */
	uint64_t busy_poll_ns;  /* look so long for more before sleeping */
	_Atomic unsigned dead_after; /* s of silence that end a connection that has pages */
};

/* An accepted socket, and its slot. */
struct accepted {
	int fd;
	struct slot *slot;
};

/* What is done with a loop's connections, by serve.c; all on its thread. */
struct loop_ops {
	void (*start)(struct loop *);                   /* it is new */
	void (*adopt)(struct loop *, struct accepted);
	void (*end)(struct loop *);   /* each goes as soon as it is owed nothing, maybe now */
	void (*hurry)(struct loop *); /* what is asked from now on is refused; who stands still goes */
	void (*stop)(struct loop *);  /* all are hung up on */
};

struct loop {
	const struct loop_ops *ops;
	struct ev_loop *ev;
	const struct shared *shared;
	pthread_t thread;
	ev_async wake;
	ev_timer silence;       /* see silence.h */
	bool active;            /* something was received since it was asked last */
	bool ending, ended;     /* it takes nobody any more; it has hung up on all */
	ev_timer end;           /* ending: the next look at who stands still */
	unsigned end_looks;
	LIST_HEAD(, conn) conns;
	_Atomic bool asked;     /* whether it lives, and has not answered yet */
	ev_timer gate;          /* see gate.h */
	TAILQ_HEAD(, conn) at_gate;
	void (*pass)(struct conn *);
	struct gather gather;
	struct stream_room room;
	uint8_t rx[HANDSHAKE_KEEP_BYTES + LOOP_RX_BYTES];

	pthread_mutex_t lock;   /* guards all below */
	struct accepted *inbox; /* that wait to be adopted */
	size_t inbox_len, inbox_size;
	bool stopping;
};

/* NULL with errno. serve_new() is for who has connections to serve. */
struct loop *loop_new(struct ev_loop *, const struct shared *, const struct loop_ops *);
/* From any thread: the loop serves it from now on, or closes it. */
void loop_adopt(struct loop *, struct accepted);
/* From any thread: what is under way is answered, and then loop_run() returns; at once when
 * it is told a second time. */
void loop_stop(struct loop *);
/* A connection is gone. */
void loop_left(struct loop *);
/* From any thread: ask whether it still comes round; did it answer, or was it
 * never asked? */
void loop_ask(struct loop *);
bool loop_answered(const struct loop *);
void loop_run(struct loop *);
/* Hangs up on its connections. */
void loop_free(struct loop *);

#endif
