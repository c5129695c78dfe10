/* SPDX-License-Identifier: BSD-2-Clause */
/* The ways of an operation: it waits for its pages, gets them, goes on until it has ended, and
 * its pages are the next one's. */
#ifndef FARPAGE_QUEUE_H
#define FARPAGE_QUEUE_H

#include "state.h"

void queues_open(struct core *);
/* OP has its kind, pages, pattern, waiter and until. */
void op_submit(struct core *, struct op *, int64_t now);
/* The only way from state to state. */
void op_move(struct core *, struct op *, enum op_state);
/* The ACTIVE operation, of which nothing is under way, goes on when its turn comes. */
void op_run(struct core *, struct op *);
/* All of these do. */
void ops_run_idle(struct core *);
/* Whose turn it is; NULL: nobody's. */
struct op *op_next_to_run(struct core *);
/* An operation waits for a buffer or an ask, which are with others now. */
void op_starve(struct core *);
/* It can do nothing until a link that is set in LINK_MASK comes up: it waits. False: none of them will. */
bool op_wait(struct core *, struct op *, uint32_t link_mask, int64_t now);
/* OP holds its buffer no more. */
void op_drop_buffer(struct core *, struct op *);
/* OP had its pages: they are free. */
void op_end(struct core *, struct op *, int error);
/* Queued operations get their pages, in order where they overlap. */
void ops_admit(struct core *);
/* The time of those that are queued may be over. */
void ops_expire_queued(struct core *, int64_t now);

#endif
