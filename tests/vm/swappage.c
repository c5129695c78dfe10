/* SPDX-License-Identifier: BSD-2-Clause */
#include "swapcheck.h"

uint64_t mix(uint64_t x) /* splitmix64's finish */
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

/* Writes what the page must hold. Every byte follows from the three numbers. */
void page_make(struct page *page, uint32_t process, uint32_t index, uint32_t generation)
{
	uint64_t x = mix(((uint64_t)process << 52) ^ ((uint64_t)generation << 32) ^ index), hash = 0;

	for (size_t i = 0; i < sizeof page->filler / sizeof *page->filler; i++) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17; /* xorshift64 */
		page->filler[i] = x;
		hash = (hash ^ x) * UINT64_C(0x100000001b3);
	}
	page->magic = MAGIC;
	page->process = process;
	page->index = index;
	page->generation = generation;
	page->unused = 0;
	page->hash = hash;
}

/* Says in words how a page that is not the expected one is wrong. */
void page_explain(const struct page *got, const struct page *want)
{
	uint64_t hash = 0;
	size_t zeros = 0, same = 0;
	const uint64_t *a = (const uint64_t *)got, *b = (const uint64_t *)want;

	for (size_t i = 0; i < PAGE / 8; i++)
		zeros += a[i] == 0, same += a[i] == b[i];
	for (size_t i = 0; i < sizeof got->filler / sizeof *got->filler; i++)
		hash = (hash ^ got->filler[i]) * UINT64_C(0x100000001b3);
	const char *kind = zeros == PAGE / 8      ? "all zeros"
					   : got->magic != MAGIC  ? "not one of our pages"
					   : hash != got->hash    ? "torn or altered"
					   : got->index != want->index || got->process != want->process ? "another page, whole"
											  : "another generation, whole";
	say("swapcheck: wrong page: process %u page %u generation %u: %s "
		"(process %u page %u generation %u, %zu of 512 words right)",
		want->process, want->index, want->generation, kind, got->process, got->index, got->generation, same);
}

/* A permutation of [0, n) that needs no memory: a Feistel network, walked until it lands inside. */
uint32_t scatter(uint32_t i, uint32_t n, uint64_t key)
{
	unsigned half = 1;
	while ((UINT64_C(1) << (2 * half)) < n)
		half++;
	uint32_t mask = (uint32_t)((UINT64_C(1) << half) - 1);
	do {
		uint32_t l = i >> half, r = i & mask;
		for (uint64_t round = 0; round < 4; round++) {
			uint32_t t = l ^ ((uint32_t)mix(key + round * UINT64_C(0x9e3779b97f4a7c15) + r) & mask);
			l = r, r = t;
		}
		i = (l << half) | r;
	} while (i >= n);
	return i;
}
