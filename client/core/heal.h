/* SPDX-License-Identifier: BSD-2-Clause */
/* A walk over the extents that want to be looked at. */
#ifndef FARPAGE_HEAL_H
#define FARPAGE_HEAL_H

#include "state.h"

void heal_tick(struct core *, int64_t now);
/* The run has ended. */
void heal_ended(struct core *);
int64_t heal_wake_at(const struct core *);

#endif
