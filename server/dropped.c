/* SPDX-License-Identifier: BSD-2-Clause */
#include "dropped.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define WORD_BITS 64u

struct dropped {
	uint64_t pages;
	_Atomic uint64_t count;  /* of bits that are set; 0 only when none is */
	_Atomic uint64_t *bits;  /* mapped: what is never set costs nothing */
};

static size_t bitmap_bytes(uint64_t pages)
{
	return (size_t)((pages + WORD_BITS - 1) / WORD_BITS) * sizeof(uint64_t);
}

static _Atomic uint64_t *map_bits(uint64_t pages)
{
	void *p = mmap(NULL, bitmap_bytes(pages), PROT_READ | PROT_WRITE,
	               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

struct dropped *dropped_open(uint64_t pages)
{
	struct dropped *d = calloc(1, sizeof *d);

	if (!d)
		return NULL;
	d->pages = pages;
	d->bits = map_bits(pages);
	if (!d->bits) {
		free(d);
		return NULL;
	}
	return d;
}

void dropped_close(struct dropped *d)
{
	if (!d)
		return;
	munmap((void *)d->bits, bitmap_bytes(d->pages));
	free(d);
}

int dropped_resize(struct dropped *d, uint64_t pages)
{
	_Atomic uint64_t *bits = map_bits(pages);

	if (!bits)
		return -1;
	if (pages < d->pages)
		dropped_clear(d, pages, d->pages);
	memcpy((void *)bits, (void *)d->bits,
	       bitmap_bytes(pages < d->pages ? pages : d->pages));
	munmap((void *)d->bits, bitmap_bytes(d->pages));
	d->bits = bits;
	d->pages = pages;
	return 0;
}

uint64_t dropped_pages(const struct dropped *d)
{
	return atomic_load(&d->count);
}

uint64_t dropped_find(const struct dropped *d, uint64_t page, uint64_t end)
{
	if (!atomic_load_explicit(&d->count, memory_order_acquire))
		return end;
	while (page < end) {
		uint64_t word = atomic_load_explicit(&d->bits[page / WORD_BITS],
		                                     memory_order_acquire);
		word >>= page % WORD_BITS;
		if (word) {
			page += (uint64_t)__builtin_ctzll(word);
			return page < end ? page : end;
		}
		page += WORD_BITS - page % WORD_BITS;
	}
	return end;
}

/* The bits of PAGE's word from PAGE on, below END; *N is how many. */
static uint64_t mask_of(uint64_t page, uint64_t end, uint64_t *n)
{
	uint64_t mask = UINT64_MAX << (page % WORD_BITS);

	*n = WORD_BITS - page % WORD_BITS;
	if (*n > end - page) {
		mask &= UINT64_MAX >> (*n - (end - page));
		*n = end - page;
	}
	return mask;
}

void dropped_set(struct dropped *d, uint64_t first, uint64_t end)
{
	for (uint64_t page = first, n; page < end; page += n) {
		uint64_t mask = mask_of(page, end, &n);
		uint64_t old = atomic_fetch_or(&d->bits[page / WORD_BITS], mask);

		atomic_fetch_add(&d->count, (uint64_t)__builtin_popcountll(mask & ~old));
	}
}

void dropped_clear(struct dropped *d, uint64_t first, uint64_t end)
{
	for (uint64_t page = dropped_find(d, first, end), n; page < end;
	     page = dropped_find(d, page + n, end)) {
		uint64_t mask = mask_of(page, end, &n);
		uint64_t old = atomic_fetch_and(&d->bits[page / WORD_BITS], ~mask);

		atomic_fetch_sub(&d->count, (uint64_t)__builtin_popcountll(mask & old));
	}
}
