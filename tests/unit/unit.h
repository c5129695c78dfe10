/* SPDX-License-Identifier: BSD-2-Clause */
/* What every unit test includes first: cmocka, with what must stand before it,
 * and dice that fall the same way every time. */
#ifndef FARPAGE_UNIT_H
#define FARPAGE_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* TEST(name) { ... }, run as cmocka_unit_test(name). */
#define TEST(name) static void name(void **state __attribute__((unused)))

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Nothing hangs for ever, also where a fault has it go round. */
#define TIME_LIMIT_SECONDS 900
static void __attribute__((constructor)) limit_time(void)
{
	alarm(TIME_LIMIT_SECONDS);
}

/* splitmix64: the same seed, the same throws. */
static inline uint64_t dice(uint64_t *seed)
{
	uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* 0 .. N-1 */
static inline uint64_t dice_below(uint64_t *seed, uint64_t n)
{
	return dice(seed) % n;
}

/* N bytes that only TAG makes, and no two pages of them alike. */
static inline void fill(uint8_t *data, size_t n, uint64_t tag)
{
	uint64_t seed = tag;

	for (size_t i = 0; i < n; i++)
		data[i] = (uint8_t)(dice(&seed) >> 56 | 1); /* never a zero */
}

#endif
