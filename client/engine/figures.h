/* SPDX-License-Identifier: BSD-2-Clause */
/* Counters of one link's replies, under the engine's lock. */
#ifndef FARPAGE_FIGURES_H
#define FARPAGE_FIGURES_H

#include "farpage.h"
#include "op.h"

struct figures {
	struct farpage_answers kind[ASK_DISCARD + 1];
};

/* ASK was answered, with 0 or an errno, US microseconds after it was sent. */
void figures_count(struct figures *, const struct ask *, int error, uint64_t us);

#endif
