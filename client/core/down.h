/* SPDX-License-Identifier: BSD-2-Clause */
/* Links that end, or are ended because they owe an answer too long; and the slots of their pools
 * that are flushed while they are up. */
#ifndef FARPAGE_DOWN_H
#define FARPAGE_DOWN_H

#include "state.h"

/* It ended: nothing that was asked of it counts any more. */
void peer_ended(struct core *, unsigned link_no, int64_t now);
/* It is to be closed, and has ended as far as anybody here is concerned. */
void peer_close(struct core *, unsigned link_no, int64_t now);
/* ASK, which flushed slots of its link, is over. */
void peer_wiped(struct core *, const struct ask *, bool clean, int64_t now);
/* A spill that was stuck has answered all. */
void peer_unstick(struct core *, unsigned link_no, int64_t now);
void peers_tick(struct core *, int64_t now);

#endif
