/* SPDX-License-Identifier: BSD-2-Clause */
#include "figures.h"

void figures_count(struct figures *f, const struct ask *ask, int error, uint64_t us)
{
	struct farpage_answers *a = &f->kind[ask->kind];
	unsigned log2 = us ? 64 - (unsigned)__builtin_clzll(us) : 0;

	if (error) {
		a->errors++;
		return;
	}
	a->answers++;
	a->pages += ask->pages;
	a->us[log2 < FARPAGE_LATENCIES ? log2 : FARPAGE_LATENCIES - 1]++;
}
