/* SPDX-License-Identifier: BSD-2-Clause */
#include "dropped.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "bitmap.h"

struct dropped {
	uint64_t pages;
	_Atomic uint64_t count;  /* of bits that are set; 0 only when none is */
	_Atomic uint64_t *bits;  /* mapped: what is never set costs nothing */
};

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
	if (pages < d->pages)
		dropped_clear(d, pages, d->pages);
	void *bits = mremap((void *)d->bits, bitmap_bytes(d->pages), bitmap_bytes(pages),
	                    MREMAP_MAYMOVE);
	if (bits == MAP_FAILED)
		return -1;
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
	return bitmap_find(d->bits, page, end, true);
}

void dropped_set(struct dropped *d, uint64_t first, uint64_t end)
{
	atomic_fetch_add(&d->count, bitmap_set(d->bits, first, end));
}

void dropped_clear(struct dropped *d, uint64_t first, uint64_t end)
{
	uint64_t n = dropped_find(d, first, end) < end ? bitmap_clear(d->bits, first, end) : 0;

	if (n)
		atomic_fetch_sub(&d->count, n);
}
