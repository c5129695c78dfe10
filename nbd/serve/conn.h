/* SPDX-License-Identifier: BSD-2-Clause */
/* One connection: its handshake, then its session. Lives on one loop. */
#ifndef FARPAGE_CONN_H
#define FARPAGE_CONN_H

#include "handshake.h"
#include "loop.h"
#include "session.h"
#include "stream.h"

#define CONN_HANDSHAKE_SECONDS 10.
/* Lines of a kind a minute about clients that were let in; about others there is one. */
#define CONN_LINES_MAX 600

enum conn_state {
	CONN_HANDSHAKE,
	CONN_SESSION,
	CONN_ENDING, /* no more reading; hang up once all is sent */
};

/* Why the connection is not read from. */
enum conn_pause {
	PAUSE_TURN = 1 << 0,   /* it had its turn, or its rate makes it wait; ends with the timer */
	PAUSE_KEPT = 1 << 1,   /* not all was fed when it was full: what was kept comes first */
	PAUSE_GATE = 1 << 2,   /* its TLS handshake waits, see gate.h */
	PAUSE_UNSENT = 1 << 3, /* the last thing said to it is not sent yet */
	PAUSE_OWED = 1 << 4,   /* it is owed much; or was, and is still not owed little */
	PAUSE_ENDING = 1 << 5,
	PAUSE_LATE = 1 << 6,   /* the backend has no room for its request */
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
	unsigned paused;          /* a set of enum conn_pause */
	unsigned still;           /* how often its ending loop looked, and nothing had moved */
	struct handshake handshake;
	struct buf out;           /* the handshake's bytes still to be sent */
	struct buf kept;          /* received, not yet consumed */
	struct session session;
	struct client *client;    /* the backend's */
	struct slot *slot;
	bool squeezed;            /* it keeps asking and is not read, so little of it is kept */
	bool awaits;              /* the bytes it is owed next are being fetched; ends with wake */
	struct loop_call wake;
	bool stirred;             /* see stir.h */
	TAILQ_ENTRY(conn) stir;
	bool stuck;               /* its client does not take what it is owed */
	TAILQ_ENTRY(conn) at_gate;
	size_t held;              /* of the budget */
	LIST_ENTRY(conn) link;
};

void conn_free(struct conn *);
/* Hang up, and log WHY. */
void conn_drop(struct conn *, const char *why);
/* The one way from state to state. */
void conn_set_state(struct conn *, enum conn_state);
/* The one way to stop reading from it, for the reason WHY, and to go on. */
void conn_set_paused(struct conn *, unsigned paused);
static inline void conn_pause(struct conn *c, enum conn_pause why, bool on)
{
	if (!(c->paused & why) == on)
		conn_set_paused(c, c->paused ^ why);
}
/* Go on after SECONDS; 0: when the others had their turn. */
void conn_rest(struct conn *, ev_tstamp seconds);
/* In its handshake, and when it ends: hang up in SECONDS from now. */
void conn_set_deadline(struct conn *, ev_tstamp seconds);
/* Its deadline's last second begins. */
void conn_set_overdue(struct conn *);
/* It has pages: see silence.h. */
void conn_outlast(struct conn *);
/* It no longer waits at the gate. */
void conn_leave_gate(struct conn *);
/* It is no longer among those that were stirred. */
void conn_leave_stirred(struct conn *);

#endif
