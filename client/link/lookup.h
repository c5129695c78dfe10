/* SPDX-License-Identifier: BSD-2-Clause */
/* Looks a lender's name up in a separate thread: that may take minutes, and no caller waits for
 * it longer than it wants to. */
#ifndef FARPAGE_LOOKUP_H
#define FARPAGE_LOOKUP_H

#include <stdint.h>

#include "address.h"

struct lookup;

/* NULL with errno. */
struct lookup *lookup_begin(const struct address *);
/* Wait for it, at most until END, a moment of clock_ms(). True: the lookup is over, and *ADDRESS is
 * as after address_look_up(). */
bool lookup_end(struct lookup *, int64_t end, struct address *);
/* Give it up, even if it will never end. NULL is allowed. */
void lookup_drop(struct lookup *);

#endif
