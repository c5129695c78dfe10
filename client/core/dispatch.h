/* SPDX-License-Identifier: BSD-2-Clause */
/* The one loop in which operations go on. */
#ifndef FARPAGE_DISPATCH_H
#define FARPAGE_DISPATCH_H

#include "state.h"

/* Until nothing can be done before the next event. */
void dispatch(struct core *, int64_t now);
/* ASK, which was OP's, was answered. */
void op_replied(struct core *, struct op *, const struct ask *, int error);
/* OP's waiter has sealed or opened. */
void op_checked(struct core *, struct op *, uint32_t bad);
/* Operations whose time is over end, and those that are slow ask elsewhere, too. */
void ops_expire(struct core *, int64_t now);

#endif
