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
void fault_kinds_reset(void);
void fault_kinds_end(void);    /* what has no end of its own */
bool fault_active(enum fault, unsigned on);
bool fault_hides(unsigned on); /* is one active that alters pages? */

/* tamper.c: what a hostile lender does to pages that it has */
void tamper_flip(unsigned on, int64_t until);
void tamper_swap(unsigned on, int64_t until);
void tamper_replay(unsigned on, int64_t until);
void tamper_zero(unsigned on, int64_t until);
void tamper_all(unsigned on);  /* another's pages, in their place */

#endif
