/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection that has pages may be somebody's swap, and its kernel cannot come back with
 * another one: whatever makes its network silent, it is waited for. It ends when another
 * instance claims its pool (member.h), or after shared.dead_after seconds. */
#ifndef FARPAGE_SILENCE_H
#define FARPAGE_SILENCE_H

#include "conn.h"

/* Look now and then at all of LOOP's connections, and log who is silent and who is back. */
void silence_watch(struct loop *);
void silence_end(struct loop *);

#endif
