/* SPDX-License-Identifier: BSD-2-Clause */
/* Time that nobody turned the core does not count. */
#ifndef FARPAGE_STALL_H
#define FARPAGE_STALL_H

#include "state.h"

/* The first that every event does. */
void stall_enter(struct core *, int64_t now);
/* If something was due and nobody turned the core, that time is given back. */
void stall_excuse(struct core *, int64_t now);
/* The time that OP's waiter takes is its own, unless it is a moment. */
void stall_checked(struct core *, struct op *, int64_t now);
/* OP's request began, and it comes only now, when all its time is over. */
void stall_started(struct core *, struct op *, int64_t now);

#endif
