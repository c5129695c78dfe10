/* SPDX-License-Identifier: BSD-2-Clause */
/* What a connection holds for a client that takes no reply, see budget.h. */
#ifndef FARPAGE_HOLD_H
#define FARPAGE_HOLD_H

#include "conn.h"

/* What one receive may take of it: its client may take no reply, and then all that came is
 * kept. */
size_t hold_may_receive(const struct conn *);
/* It may hold its share as that is now. */
void hold_make_room(struct conn *);
/* What it holds is counted, and what it need not hold is given back. */
void hold_settle(struct conn *);

#endif
