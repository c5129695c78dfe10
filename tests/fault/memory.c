/* SPDX-License-Identifier: BSD-2-Clause */
/* Each page as it was last written through here, and before that. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fault.h"

static uint8_t *newest, *older, *versions; /* how many are known: 0, 1, 2 */
static uint64_t pages;

static uint8_t *reserve(uint64_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void memory_size(uint64_t bytes)
{
	if (bytes / PAGE_BYTES == pages)
		return;
	if (pages) {
		munmap(newest, pages * PAGE_BYTES);
		munmap(older, pages * PAGE_BYTES);
		munmap(versions, pages);
	}
	pages = bytes / PAGE_BYTES;
	if (!pages)
		return;
	newest = reserve(pages * PAGE_BYTES);
	older = reserve(pages * PAGE_BYTES);
	versions = reserve(pages);
	if (!newest || !older || !versions)
		abort();
}

void memory_put(uint64_t offset, const uint8_t *data, size_t len)
{
	for (; len >= PAGE_BYTES && offset / PAGE_BYTES < pages; len -= PAGE_BYTES) {
		uint64_t page = offset / PAGE_BYTES;

		memcpy(older + page * PAGE_BYTES, newest + page * PAGE_BYTES, PAGE_BYTES);
		memcpy(newest + page * PAGE_BYTES, data, PAGE_BYTES);
		versions[page] = versions[page] ? 2 : 1;
		offset += PAGE_BYTES;
		data += PAGE_BYTES;
	}
}

bool memory_older(uint64_t offset, uint8_t *data, size_t len)
{
	bool any = false;

	for (; len >= PAGE_BYTES && offset / PAGE_BYTES < pages; len -= PAGE_BYTES) {
		uint64_t page = offset / PAGE_BYTES;

		if (versions[page] == 2) {
			memcpy(data, older + page * PAGE_BYTES, PAGE_BYTES);
			any = true;
		}
		offset += PAGE_BYTES;
		data += PAGE_BYTES;
	}
	return any;
}

/* The next page behind PAGE that was written; PAGE if there is no other. */
static uint64_t another(uint64_t page)
{
	for (uint64_t n = 1; n < pages; n++)
		if (versions[(page + n) % pages])
			return (page + n) % pages;
	return page;
}

bool memory_other(uint64_t offset, uint8_t *data, size_t len)
{
	bool any = false;

	for (; len >= PAGE_BYTES && offset / PAGE_BYTES < pages; len -= PAGE_BYTES) {
		uint64_t page = offset / PAGE_BYTES, other = another(page);

		if (other != page) {
			memcpy(data, newest + other * PAGE_BYTES, PAGE_BYTES);
			any = true;
		}
		offset += PAGE_BYTES;
		data += PAGE_BYTES;
	}
	return any;
}
