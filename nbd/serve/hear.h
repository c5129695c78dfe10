/* SPDX-License-Identifier: BSD-2-Clause */
/* What a client sends goes to the handshake or to the session; what they do not take now is
 * kept. Both functions return false when the connection is gone. */
#ifndef FARPAGE_HEAR_H
#define FARPAGE_HEAR_H

#include "conn.h"

/* Receive behind what was kept, and feed it; again as long as the buffer was filled, so that
 * one message answers all of it. */
bool hear(struct conn *);
/* Feed what was kept. */
bool hear_kept(struct conn *);

#endif
