/* SPDX-License-Identifier: BSD-2-Clause */
/* What a client says: it goes to the handshake, or to the session, and what they do not take
 * now is kept. Both return false when the connection is gone. */
#ifndef FARPAGE_HEAR_H
#define FARPAGE_HEAR_H

#include "conn.h"

/* Receive behind what was kept, and feed it; again while the room was filled, so that one
 * message answers all of it. */
bool hear(struct conn *);
/* Feed what was kept. */
bool hear_kept(struct conn *);

#endif
