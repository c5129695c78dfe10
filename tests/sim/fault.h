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

struct fault_kind {
	void (*begin)(unsigned on, int64_t until);
	void (*mend)(unsigned on);
	unsigned needs;
};

const struct fault_kind *fault_kind(enum fault);
void fault_kinds_end(void);    /* what has no end of its own */
bool fault_active(enum fault, unsigned on);
bool fault_hides(unsigned on); /* is one active that alters pages? */

/* tamper.c: what a hostile lender does to pages that it has */
void tamper_flip(unsigned on, int64_t until);
void tamper_swap(unsigned on, int64_t until);
void tamper_replay(unsigned on, int64_t until);
void tamper_zero(unsigned on, int64_t until);
void tamper_all(unsigned on);  /* another's pages, in their place */

/* here.c: what goes wrong on the borrower's own host */
void here_reset(void);
void here_jump(unsigned on, int64_t until);
void here_stand_still(unsigned on, int64_t until);
void here_keep_chunks(unsigned on, int64_t until);
void here_take_buffers(unsigned on, int64_t until);
void here_give_buffers(unsigned on);
void here_spill_full(unsigned on, int64_t until);
void here_spill_room(unsigned on);
void here_spill_bad(unsigned on, int64_t until);
void here_spill_good(unsigned on);
void here_spill_stuck(unsigned on, int64_t until);
void here_spill_moves(unsigned on);
void here_spill_slow(unsigned on, int64_t until);
void here_spill_fast(unsigned on);
void here_spill_down(unsigned on, int64_t until);

#endif
