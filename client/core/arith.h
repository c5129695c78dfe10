/* SPDX-License-Identifier: BSD-2-Clause */
/* Small sums on times and on sets of pages, copies and links, which are a bit each. */
#ifndef FARPAGE_ARITH_H
#define FARPAGE_ARITH_H

#include <assert.h>
#include <stdint.h>

static inline int64_t min_ms(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static inline int64_t max_ms(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static inline unsigned how_many(uint32_t set)
{
	return (unsigned)__builtin_popcount(set);
}

/* The first N. */
static inline uint32_t mask_of(uint32_t n)
{
	assert(n <= 32);
	return n == 32 ? UINT32_MAX : (UINT32_C(1) << n) - 1;
}

#endif
