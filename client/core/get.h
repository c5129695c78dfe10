/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages are asked for from the best copy, opened by whoever waits for them, and asked for
 * elsewhere if they were not what had been put. */
#ifndef FARPAGE_GET_H
#define FARPAGE_GET_H

#include "state.h"

void get_go_on(struct core *, struct op *, int64_t now);
void get_replied(struct core *, struct op *, const struct ask *, int error);
/* What came was opened: pages that are set in BAD are not what had been put. */
void get_checked(struct core *, struct op *, uint32_t bad);
/* The same for any operation: updates what it still needs, and which copies it does not ask again. */
void get_judge(struct core *, struct op *, uint32_t bad);
/* Ask for all of OP's need from one copy. False: none has it. */
bool get_whole(struct core *, struct op *, int64_t now);
/* Ask another copy too, for a get that is slow. */
void get_hedge(struct core *, struct op *, int64_t now);

#endif
