/* SPDX-License-Identifier: BSD-2-Clause */
/* One bit a page. The caller owns the memory of the words: bitmap_bytes() that are zero at first,
 * mapped or part of a file.
 *
 * Threads: any number may look, set and clear at once, and exactly one of them counts each bit
 * that changes. A thread that sees a change also sees what was stored before it. */
#ifndef FARPAGE_BITMAP_H
#define FARPAGE_BITMAP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BITMAP_WORD_BITS 64u

static inline size_t bitmap_bytes(uint64_t pages)
{
	return (size_t)((pages + BITMAP_WORD_BITS - 1) / BITMAP_WORD_BITS) * sizeof(uint64_t);
}

static inline uint64_t bitmap_word(const _Atomic uint64_t *bits, uint64_t page)
{
	return atomic_load_explicit(&bits[page / BITMAP_WORD_BITS], memory_order_acquire);
}

static inline bool bitmap_has(const _Atomic uint64_t *bits, uint64_t page)
{
	return bitmap_word(bits, page) >> (page % BITMAP_WORD_BITS) & 1;
}

/* The first page from PAGE on, below END, whose bit is WHAT; or END. */
static inline uint64_t bitmap_find(const _Atomic uint64_t *bits, uint64_t page, uint64_t end,
                                   bool what)
{
	uint64_t flip = what ? 0 : UINT64_MAX;

	while (page < end) {
		uint64_t word = (bitmap_word(bits, page) ^ flip) >> (page % BITMAP_WORD_BITS);

		if (word) {
			page += (uint64_t)__builtin_ctzll(word);
			return page < end ? page : end;
		}
		page += BITMAP_WORD_BITS - page % BITMAP_WORD_BITS;
	}
	return end;
}

/* Set the bits from FIRST on, below END, to WHAT; returns how many changed. A word that needs
 * no change is only read. */
static inline uint64_t bitmap_change(_Atomic uint64_t *bits, uint64_t first, uint64_t end,
                                     bool what)
{
	uint64_t changed = 0;

	for (uint64_t page = first, n; page < end; page += n) {
		_Atomic uint64_t *word = &bits[page / BITMAP_WORD_BITS];
		uint64_t mask = UINT64_MAX << (page % BITMAP_WORD_BITS), old;

		n = BITMAP_WORD_BITS - page % BITMAP_WORD_BITS;
		if (n > end - page)
			mask &= UINT64_MAX >> (n - (end - page));
		old = bitmap_word(bits, page);
		if ((what ? ~old : old) & mask)
			old = what ? atomic_fetch_or(word, mask) : atomic_fetch_and(word, ~mask);
		changed += (uint64_t)__builtin_popcountll((what ? ~old : old) & mask);
	}
	return changed;
}

static inline uint64_t bitmap_set(_Atomic uint64_t *bits, uint64_t first, uint64_t end)
{
	return bitmap_change(bits, first, end, true);
}

static inline uint64_t bitmap_clear(_Atomic uint64_t *bits, uint64_t first, uint64_t end)
{
	return bitmap_change(bits, first, end, false);
}

static inline uint64_t bitmap_count(const _Atomic uint64_t *bits, uint64_t pages)
{
	uint64_t n = 0;

	for (uint64_t page = 0; page < pages; page += BITMAP_WORD_BITS)
		n += (uint64_t)__builtin_popcountll(bitmap_word(bits, page));
	return n;
}

#endif
