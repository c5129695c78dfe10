/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking a lender's name up, in a thread of its own: it may take minutes, and nobody waits
 * longer for it than he wants to. */
#ifndef FARPAGE_LOOKUP_H
#define FARPAGE_LOOKUP_H

#include <stdint.h>

#include "address.h"

struct lookup;

/* NULL with errno. */
struct lookup *lookup_begin(const struct address *);
/* Wait for it, until END (as clock_ms() tells it) at most. True: *ADDRESS has what it came to, as
 * after address_look_up(), and the lookup is over. */
bool lookup_end(struct lookup *, int64_t end, struct address *);
/* Nobody wants to know any more; also of one that will never end. NULL is none. */
void lookup_drop(struct lookup *);

#endif
