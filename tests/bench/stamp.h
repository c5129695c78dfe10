/* SPDX-License-Identifier: BSD-2-Clause */
/* Contents that tell which block they belong to and which write made them, for --verify. */
#ifndef FARPAGE_BENCH_STAMP_H
#define FARPAGE_BENCH_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t stamp_word(uint64_t block, uint32_t generation, size_t i)
{
	uint64_t x = block * 0x9e3779b97f4a7c15u ^ ((uint64_t)generation << 32) ^ i;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

/* `bytes` is a multiple of 8. */
static inline void stamp_write(uint8_t *data, size_t bytes, uint64_t block, uint32_t generation)
{
	for (size_t i = 0; i < bytes / 8; i++) {
		uint64_t word = stamp_word(block, generation, i);

		memcpy(data + i * 8, &word, 8);
	}
}

static inline bool stamp_matches(const uint8_t *data, size_t bytes, uint64_t block, uint32_t generation)
{
	for (size_t i = 0; i < bytes / 8; i++) {
		uint64_t word = stamp_word(block, generation, i);

		if (memcmp(data + i * 8, &word, 8) != 0)
			return false;
	}
	return true;
}

#endif
