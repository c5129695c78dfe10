/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection that has pages may carry a host's swap, and that host's kernel cannot reconnect. So
 * when its network falls silent, for whatever reason, we wait. The connection ends when the
 * backend hangs up, as pools do for another instance that claims them, or after shared.dead_after
 * seconds. */
#ifndef FARPAGE_SILENCE_H
#define FARPAGE_SILENCE_H

#include "conn.h"

/* Look now and then at all of LOOP's connections, and log which fell silent and which are back. */
void silence_watch(struct loop *);
void silence_end(struct loop *);

#endif
