/* SPDX-License-Identifier: BSD-2-Clause */
/* The handshake of one connection: the client's bytes go in, bytes for it come out, and at the
 * end it has joined an export. Fixed newstyle. Within TLS, it sees the decrypted bytes. Knows
 * no socket; one thread. */
#ifndef FARPAGE_HANDSHAKE_H
#define FARPAGE_HANDSHAKE_H

#include "handshake_state.h"

/* Begin: append the server's greeting to OUT. */
void handshake_start(struct handshake *, const struct backend *, struct client *, enum tls_mode,
                     struct buf *out);

/* It is over: free what it keeps. */
void handshake_end(struct handshake *);

/* State TLS: TLS has begun. What was said before is forgotten. */
void handshake_secured(struct handshake *);

/* It owes so much that it takes no option until some of that is sent. */
bool handshake_full(const struct handshake *, const struct buf *out);
/* Consume what can be consumed of LEN bytes, and return how many that was. The caller passes
 * the rest again with more behind it, or when OUT is empty. */
size_t handshake_feed(struct handshake *, const uint8_t *in, size_t len,
                      struct buf *out);

#endif
