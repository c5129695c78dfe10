/* SPDX-License-Identifier: BSD-2-Clause */
/* What links are asked for, on behalf of operations or to flush slots; and the bounds within
 * which one link may have asks and buffers. */
#ifndef FARPAGE_ASK_H
#define FARPAGE_ASK_H

#include "state.h"

void asks_open(struct core *);
/* Those under way are let go, with their buffers. */
void asks_close(struct core *);
/* A buffer for OP, which has its pages, and for the links that are set in LINK_MASK. NULL: OP has
 * to wait, or the links have enough. */
struct buffer *ask_buffer(struct core *, const struct op *, uint32_t link_mask);
/* Ask for pages that are set in MASK (of a fill: all) of copy COPY. False: there is no ask. */
bool ask_copy(struct core *, struct op *, enum ask_kind, unsigned copy, struct buffer *, uint32_t mask);
/* Flush N slots of LINK_NO, from SLOT on. */
bool ask_wipe(struct core *, unsigned link_no, uint32_t slot, uint32_t n);
/* It was sent, or is about to be. */
void ask_sent(struct core *, struct ask *, int64_t now);
void ask_free(struct core *, struct ask *);
/* What is under way for OP is for nobody from now on. */
void ask_abandon(struct core *, struct op *);

#endif
