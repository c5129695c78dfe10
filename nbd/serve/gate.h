/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the connections of a loop wait with the steps of their TLS handshakes, each of which
 * costs a processor as much as thousands of pages. They pass one at a time, with a turn of
 * all others in between, no more often than limit.h allows. The one whose network has cost
 * least is first. */
#ifndef FARPAGE_GATE_H
#define FARPAGE_GATE_H

#include "conn.h"

/* PASS gets each connection whose turn has come; it no longer waits. */
void gate_open(struct loop *, void (*pass)(struct conn *));
void gate_close(struct loop *);
/* Is what C receives next a step of its TLS handshake? Then it must wait; and count the
 * step. */
bool gate_before(const struct conn *);
ssize_t gate_recv(struct conn *, uint8_t *to, size_t max);
/* C waits for its turn. */
void gate_wait(struct conn *);

#endif
