/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim.h"

static uint64_t extent_pages(uint64_t extent)
{
	return extent == EXTENTS - 1 ? SHORT : EXTENT_PAGES;
}

uint64_t spot_page(unsigned spot)
{
	uint64_t extent = spot / SPOTS_OF, at = spot % SPOTS_OF;

	return extent * EXTENT_PAGES +
	       (at < HEAD ? at : extent_pages(extent) - SPOTS_OF + at);
}

int page_spot(uint64_t page)
{
	uint64_t extent = page / EXTENT_PAGES, at = page % EXTENT_PAGES;

	if (at >= HEAD) {
		if (at < extent_pages(extent) - TAIL)
			return -1;
		at -= extent_pages(extent) - SPOTS_OF;
	}
	return (int)(extent * SPOTS_OF + at);
}

/* Every word is another one, and no two values share one. */
static uint64_t word(uint64_t value, unsigned i)
{
	return value * UINT64_C(0x9e3779b97f4a7c15) + i;
}

void page_make(uint8_t *data, uint64_t value)
{
	uint64_t *words = (uint64_t *)(void *)data;

	for (unsigned i = 0; i < PAGE_BYTES / 8; i++)
		words[i] = word(value, i);
}

bool page_is(const uint8_t *data, struct answer a)
{
	const uint64_t *words = (const uint64_t *)(const void *)data;
	uint64_t differ = 0;

	for (unsigned i = 0; i < PAGE_BYTES / 8; i++)
		differ |= words[i] ^ (a.kind == IS_FILL ? a.value : word(a.value, i));
	return !differ;
}
