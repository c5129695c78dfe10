/* SPDX-License-Identifier: BSD-2-Clause */
/* One connection: its handshake, then its session. Lives on one loop. */
#ifndef FARPAGE_CONN_H
#define FARPAGE_CONN_H

#include "handshake.h"
#include "loop.h"
#include "request.h"
#include "stream.h"

#define CONN_HANDSHAKE_SECONDS 10.
/* Lines of a kind a minute about those who were let in; about others there is one. */
#define CONN_LINES_MAX 600

enum conn_state {
	CONN_HANDSHAKE,
	CONN_SESSION,
	CONN_ENDING, /* no more reading; hang up once all is sent */
};

struct conn {
	struct loop *loop;
	struct stream stream;
	enum conn_state state;
	ev_io readable, writable;
	ev_timer timer;           /* SESSION: end of a rest; else a deadline */
	bool overdue;             /* its deadline's last second has begun */
	unsigned end_after;       /* seconds of silence; 0: SOCKET_DEAD_SECONDS */
	ev_tstamp silent_since;   /* 0: it is heard */
	bool resting;             /* had its turn; others first */
	bool stuffed;             /* it could take no more before all was fed */
	unsigned still;           /* so often did its ending loop look, and nothing had moved */
	struct handshake handshake;
	struct buf out;           /* the handshake's bytes still to be sent */
	struct buf kept;          /* received, not yet consumed */
	struct session session;
	struct member member;
	struct slot *slot;
	bool squeezed;            /* it asks on and is not read: nor is much of it kept */
	bool stuck;               /* its client does not take what it is owed */
	bool waits;               /* with its TLS handshake, see gate.h */
	TAILQ_ENTRY(conn) at_gate;
	size_t held;              /* of the budget */
	LIST_ENTRY(conn) link;
};

/* Takes the socket over, also when it fails (it is closed then). */
void conn_new(struct loop *, struct accepted);
/* Closes it instead. */
void conn_refuse(struct loop *, struct accepted);
void conn_free(struct conn *);
/* In its handshake, and when it ends: so many SECONDS from now on it is hung up on. */
void conn_set_deadline(struct conn *, ev_tstamp seconds);
/* The loop ends: C goes as soon as it is owed nothing, maybe now. */
void conn_end(struct conn *);
/* So far it is there: what is asked from now on is refused, and it goes if it stood still. */
void conn_hurry(struct conn *);
/* Its turn at the gate has come. */
void conn_pass(struct conn *);

/* For conn.c and hear.c. */
/* The one way from state to state. */
void conn_set_state(struct conn *, enum conn_state);
/* Hang up, and say WHY. */
void conn_drop(struct conn *, const char *why);
/* Go on after so many SECONDS; 0: when the others had their turn. */
void conn_rest(struct conn *, ev_tstamp seconds);

/* For conn.c, in hear.c; false: the connection is gone. Receive behind what was kept, and feed it;
 * again while the room was filled, so that one message answers all of it. */
bool conn_hear(struct conn *);
/* Feed what was kept. */
bool conn_hear_kept(struct conn *);

/* For conn.c, in hold.c. What one receive may take of it: its client may take no reply,
 * and then all that came is kept. */
size_t conn_may_receive(const struct conn *);
/* It may hold its share as that is now. */
void conn_make_room(struct conn *);
/* What it holds is counted, and what it need not hold is given back. */
void conn_settle(struct conn *);
/* It goes: what it held is free. */
void conn_let_go(struct conn *);

#endif
