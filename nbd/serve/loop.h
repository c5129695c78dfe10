/* SPDX-License-Identifier: BSD-2-Clause */
/* An event loop and what its connections share. One thread for each loop; other threads touch
 * it only through loop_adopt() and loop_stop(). */
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

/* One receive takes this much at most; what is left of the previous one fits
 * before it. */
#define LOOP_RX_BYTES (256u << 10)
/* When the lender ends, each connection may go on until it is owed nothing. After this time new
 * requests get ESHUTDOWN; after twice as long we hang up on those that stand still, and at last on all. */
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
	uint64_t busy_poll_ns;  /* how long to poll for more before sleeping */
	_Atomic unsigned dead_after; /* seconds of silence that end a connection that has pages */
};

/* An accepted socket, and its slot. */
struct accepted {
	int fd;
	struct slot *slot;
};

/* What serve.c does with a loop's connections; all on the loop's thread. */
struct loop_ops {
	void (*start)(struct loop *);                   /* serve a new connection */
	void (*adopt)(struct loop *, struct accepted);
	void (*end)(struct loop *);   /* each goes when it is owed nothing, maybe now */
	void (*hurry)(struct loop *); /* refuse new requests; those that stand still go */
	void (*stop)(struct loop *);  /* hang up on all */
};

/* Something that its loop is to do, as soon as it can. */
struct loop_call {
	void (*call)(struct loop_call *);
	bool queued;              /* loop.lock */
	TAILQ_ENTRY(loop_call) link;
};

struct loop {
	const struct loop_ops *ops;
	struct ev_loop *ev;
	void (*on_end)(void *data); /* it has ended; then EV is not ours, and goes on. NULL: EV is */
	void *end_data;
	const struct shared *shared;
	pthread_t thread;
	ev_async wake;
	ev_timer silence;       /* see silence.h */
	bool active;            /* something was received since this was last asked */
	bool ending, ended;     /* it takes no new connections; it has hung up on all */
	ev_timer end;           /* ending: the next look at which stand still */
	unsigned end_looks;
	LIST_HEAD(, conn) conns;
	_Atomic bool asked;     /* it was asked whether it lives, and has not answered yet */
	ev_timer gate;          /* see gate.h */
	TAILQ_HEAD(, conn) at_gate;
	TAILQ_HEAD(conn_list, conn) stirred; /* see stir.h */
	ev_prepare before_sleep;
	ev_idle awake;
	void (*pass)(struct conn *);
	void (*on_stir)(struct conn *);
	struct gather gather;
	struct stream_room room;
	uint8_t rx[HANDSHAKE_KEEP_BYTES + LOOP_RX_BYTES];

	pthread_mutex_t lock;   /* guards all below */
	struct accepted *inbox; /* that wait to be adopted */
	size_t inbox_len, inbox_size;
	bool stopping;
	TAILQ_HEAD(, loop_call) calls;
	unsigned queued;
};

/* NULL with errno. To serve connections, use serve_new(). */
struct loop *loop_new(struct ev_loop *, const struct shared *, const struct loop_ops *);
/* From any thread: the loop serves it from now on, or closes it. */
void loop_adopt(struct loop *, struct accepted);
/* From any thread: answer what is under way, then have loop_run() return; at once at the second
 * call. */
void loop_stop(struct loop *);
/* From any thread: it is called, once, however often this is said before. And no more; from the
 * loop's thread. */
void loop_queue(struct loop *, struct loop_call *);
void loop_unqueue(struct loop *, struct loop_call *);
/* A connection is gone. */
void loop_left(struct loop *);
/* From any thread: ask whether it still comes round. True: it answered the last time, or was never
 * asked. */
void loop_ask(struct loop *);
bool loop_answered(const struct loop *);
void loop_run(struct loop *);
/* Free it, and hang up on its connections. */
void loop_free(struct loop *);

#endif
