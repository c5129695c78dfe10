/* SPDX-License-Identifier: BSD-2-Clause */
/* What a connection holds for a client that takes no reply, see budget.h. */
#ifndef FARPAGE_HOLD_H
#define FARPAGE_HOLD_H

#include "conn.h"

/* How much one receive may take: the client may take no reply, and then everything that came
 * is kept. */
size_t hold_may_receive(const struct conn *);
/* From now on it may hold its share as that is now. */
void hold_make_room(struct conn *);
/* Count what it holds, and give back what it need not hold. */
void hold_settle(struct conn *);

#endif
