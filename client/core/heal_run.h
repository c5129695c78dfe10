/* SPDX-License-Identifier: BSD-2-Clause */
/* One run of pages that lacks copies. */
#ifndef FARPAGE_HEAL_RUN_H
#define FARPAGE_HEAL_RUN_H

#include "state.h"

void heal_run_go_on(struct core *, struct op *, int64_t now);
void heal_run_replied(struct core *, struct op *, const struct ask *, int error);
/* What was read was opened: pages that are set in BAD are no good. */
void heal_run_checked(struct core *, struct op *, uint32_t bad);
void heal_run_end(struct core *, struct op *, int error);

#endif
