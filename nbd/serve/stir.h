/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a backend answers later: connections for which something has changed. What they are owed by then leaves
 * at once, before the loop sleeps. */
#ifndef FARPAGE_STIR_H
#define FARPAGE_STIR_H

#include "conn.h"

/* GO gets each connection that was stirred. */
void stir_begin(struct loop *, void (*go)(struct conn *));
void stir_end(struct loop *);
/* A client's stir(). */
void stir_client(struct client *);

#endif
