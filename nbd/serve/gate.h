/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the connections of a loop wait with the steps of their TLS handshakes, which cost
 * a processor what thousands of pages do. They pass one at a time, with a turn of all others
 * in between, not more often than limit.h allows, and first who is of the network that
 * has cost least. */
#ifndef FARPAGE_GATE_H
#define FARPAGE_GATE_H

#include "conn.h"

/* PASS gets each whose turn has come; it no longer waits. */
void gate_open(struct loop *, void (*pass)(struct conn *));
void gate_close(struct loop *);
/* Is what C hears next a step of its TLS handshake? Then it has to wait; and the step is
 * counted. */
bool gate_before(const struct conn *);
ssize_t gate_recv(struct conn *, uint8_t *to, size_t max);
/* C waits for its turn. */
void gate_wait(struct conn *);

#endif
