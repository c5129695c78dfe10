/* SPDX-License-Identifier: BSD-2-Clause */
/* Sends what a connection owes: the handshake's answers, then TLS if that was agreed, then
 * the session's replies, straight from the store. For conn.c. */
#ifndef FARPAGE_SEND_H
#define FARPAGE_SEND_H

#include "conn.h"

/* Send what C owes as far as its socket takes it. 1: that was all, 0: there is more,
 * -1: hang up. */
int send_owed(struct conn *);

#endif
