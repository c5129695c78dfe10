/* SPDX-License-Identifier: BSD-2-Clause */
/* A histogram of latencies in nanoseconds: 128 buckets to every power of two,
 * so a percentile is off by less than 0.8 %, mostly far less. Nothing is allocated. */
#ifndef FARPAGE_BENCH_HIST_H
#define FARPAGE_BENCH_HIST_H

#include <stdint.h>

#define HIST_SUB_BITS 7
#define HIST_SUB (1u << HIST_SUB_BITS)
#define HIST_MAX_NS ((UINT64_C(1) << 40) - 1) /* 18 minutes; longer counts as this */
#define HIST_BUCKETS ((40 - HIST_SUB_BITS + 1) * HIST_SUB)

struct hist {
	uint64_t count;
	uint32_t bucket[HIST_BUCKETS];
};

static inline void hist_add(struct hist *hist, uint64_t ns)
{
	unsigned shift = 0;

	if (ns > HIST_MAX_NS)
		ns = HIST_MAX_NS;
	if (ns >= 2 * HIST_SUB)
		shift = 63 - (unsigned)__builtin_clzll(ns) - HIST_SUB_BITS;
	hist->bucket[shift * HIST_SUB + (unsigned)(ns >> shift)]++;
	hist->count++;
}

/* The latency that the given share of them (0.5 for the median) stays below, in
 * ns; latencies are taken to be spread evenly within a bucket. */
static inline double hist_percentile(const struct hist *hist, double share)
{
	double left = share * (double)hist->count;
	unsigned i, shift;

	for (i = 0; i < HIST_BUCKETS - 1 && left > (double)hist->bucket[i]; i++)
		left -= (double)hist->bucket[i];
	shift = i < 2 * HIST_SUB ? 0 : i / HIST_SUB - 1;
	if (hist->bucket[i] > 0)
		left /= (double)hist->bucket[i];
	return ((double)(i - shift * HIST_SUB) + left) * (double)(UINT64_C(1) << shift);
}

#endif
