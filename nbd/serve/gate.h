/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the connections of a loop wait with the steps of their TLS handshakes, which cost
 * a processor what thousands of pages do. They pass one at a time, with a turn of all others
 * in between, not more often than limit.h allows, and first who is of the network that
 * has cost least. */
#ifndef FARPAGE_GATE_H
#define FARPAGE_GATE_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

struct conn;

struct gate {
	ev_timer timer;
	TAILQ_HEAD(, conn) waiting;
};

void gate_init(struct gate *);
void gate_stop(struct gate *, struct ev_loop *);
/* Is what C hears next a step of its TLS handshake? Then it has to wait; and the step is
 * counted. */
bool gate_before(const struct conn *);
ssize_t gate_recv(struct conn *, uint8_t *to, size_t max);
/* C waits until conn_pass() is called for it. */
void gate_wait(struct conn *);
void gate_leave(struct conn *);

#endif
