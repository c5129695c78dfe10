/* SPDX-License-Identifier: BSD-2-Clause */
/* Sends what a connection owes: the handshake's answers, then TLS if that was agreed, then
 * the session's replies, straight from the store. For conn.c. */
#ifndef FARPAGE_SEND_H
#define FARPAGE_SEND_H

#include "conn.h"

enum sent {
	SENT_DEAD = -1, /* hang up */
	SENT_PART,      /* its socket takes no more now */
	SENT_ALL,
	SENT_AWAITS,    /* all that is at hand: c.wake is queued, or it is stirred, when there is more */
};

/* Send what C owes. */
enum sent send_owed(struct conn *);

#endif
