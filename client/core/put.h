/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages are sealed by whoever put them, and written to each of their copies; fills need no lender. */
#ifndef FARPAGE_PUT_H
#define FARPAGE_PUT_H

#include "state.h"

void put_go_on(struct core *, struct op *, int64_t now);
/* Its pages are sealed; those that are set in BAD could not be. */
void put_checked(struct core *, struct op *, uint32_t bad);
void put_replied(struct core *, struct op *, const struct ask *, int error);
/* It ends with what a lender said last, or EIO, and its pages are lost. */
void put_fail(struct core *, struct op *);
void fill_go_on(struct core *, struct op *, int64_t now);
void fill_end(struct core *, struct op *);

#endif
