/* SPDX-License-Identifier: BSD-2-Clause */
/* The handshake of one connection: bytes of the client in, bytes for it out,
 * and in the end a client that has joined an export. Fixed newstyle. Its bytes are those within TLS.
 * Knows no socket; one thread. */
#ifndef FARPAGE_HANDSHAKE_H
#define FARPAGE_HANDSHAKE_H

#include "handshake_state.h"

/* Begin: the server's greeting goes to OUT. */
void handshake_start(struct handshake *, const struct backend *, struct client *, enum tls_mode,
                     struct buf *out);

/* It is over: what it keeps is freed. */
void handshake_end(struct handshake *);

/* State TLS: it has begun. What was said before it is forgotten. */
void handshake_secured(struct handshake *);

/* It owes so much that no option is taken until some of it is sent. */
bool handshake_full(const struct handshake *, const struct buf *out);
/* Consume what can be consumed of LEN bytes; the rest comes again with more
 * behind it, or when OUT is empty. Returns the number consumed. */
size_t handshake_feed(struct handshake *, const uint8_t *in, size_t len,
                      struct buf *out);

#endif
