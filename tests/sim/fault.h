/* SPDX-License-Identifier: BSD-2-Clause */
/* Each kind of fault: what it does, and what can bear it. */
#ifndef FARPAGE_SIM_FAULT_H
#define FARPAGE_SIM_FAULT_H

#include "sim.h"

#define HIDES_DATA  1u  /* pages are altered: only a seal tells */
#define SPARE       2u  /* bearable where there is another copy */
#define ANOTHER     4u  /* bearable where there is a lender more than copies */
#define SAFETY_ONLY 8u
#define THE_SPILL   16u /* there must be one */
#define EVERYBODY   32u /* it is not about one lender */
#define LASTS       64u /* others are found instead, so it may go on for good */
#define SLOWLY      128u /* all goes on, and bearable where callers have time enough */

struct fault_kind {
	void (*begin)(unsigned link_no, int64_t until);
	void (*mend)(unsigned link_no);
	unsigned needs;
};

const struct fault_kind *fault_kind(enum fault);
void fault_kinds_end(void);    /* what has no end of its own */
bool fault_active(enum fault, unsigned link_no);
bool fault_hides(unsigned link_no); /* is one active that alters pages? */

/* tamper.c: what a hostile lender does to pages that it has */
void tamper_flip(unsigned link_no, int64_t until);
void tamper_swap(unsigned link_no, int64_t until);
void tamper_replay(unsigned link_no, int64_t until);
void tamper_zero(unsigned link_no, int64_t until);
void tamper_all(unsigned link_no);  /* another's pages, in their place */

/* here.c: what goes wrong on the borrower's own host */
void here_reset(void);
void here_jump(unsigned link_no, int64_t until);
void here_stand_still(unsigned link_no, int64_t until);
void here_keep_chunks(unsigned link_no, int64_t until);
void here_take_buffers(unsigned link_no, int64_t until);
void here_give_buffers(unsigned link_no);
void here_spill_full(unsigned link_no, int64_t until);
void here_spill_room(unsigned link_no);
void here_spill_bad(unsigned link_no, int64_t until);
void here_spill_good(unsigned link_no);
void here_spill_stuck(unsigned link_no, int64_t until);
void here_spill_moves(unsigned link_no);
void here_spill_slow(unsigned link_no, int64_t until);
void here_spill_fast(unsigned link_no);
void here_spill_down(unsigned link_no, int64_t until);

#endif
