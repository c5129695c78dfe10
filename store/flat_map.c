/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a flat store's pages lie in this process: one mapping of its file. It is
 * aligned so that it can move without its pages being gone through one by one. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "flat.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* since Linux 5.14 */
#endif

#define TABLE_PAGES UINT64_C(512) /* that one page table maps */
#define LARGE       (UINT64_C(1) << 30)

/* BYTES of address space in which nothing is, aligned. */
static uint8_t *reserve(size_t bytes)
{
	size_t align = bytes < LARGE ? TABLE_PAGES << PAGE_SHIFT : LARGE;
	uint8_t *all = mmap(NULL, bytes + align, PROT_NONE,
	                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (all == MAP_FAILED)
		return NULL;
	size_t before = -(uintptr_t)all & (align - 1);

	if (before)
		munmap(all, before);
	if (before < align)
		munmap(all + before + bytes, align - before);
	return all + before;
}

/* Lent pages are no use in a core dump, and not ours to show. In a huge page the
 * memory of one would be that of 512. */
static void dress(const struct flat *f, uint8_t *at, size_t bytes)
{
	madvise(at, bytes, MADV_DONTDUMP);
	madvise(at, bytes, MADV_NOHUGEPAGE);
	if (f->locked)
		mlock2(at, bytes, MLOCK_ONFAULT);
}

static uint8_t *map_at(const struct flat *f, uint8_t *at, uint64_t page, uint64_t pages)
{
	uint8_t *map = mmap(at, pages << PAGE_SHIFT, PROT_READ | PROT_WRITE,
	                    at ? MAP_SHARED | MAP_FIXED : MAP_SHARED, f->fd,
	                    (off_t)(f->base + (page << PAGE_SHIFT)));

	if (map == MAP_FAILED)
		return NULL;
	dress(f, map, pages << PAGE_SHIFT);
	return map;
}

int flat_map_pages(struct flat *f, uint64_t pages)
{
	uint8_t *room = pages ? reserve(pages << PAGE_SHIFT) : NULL;

	f->map = map_at(f, room, 0, pages);
	if (f->map)
		return 0;
	int e = errno;
	if (room)
		munmap(room, pages << PAGE_SHIFT);
	errno = e;
	return -1;
}

/* To move a mapping keeps what is mapped and locked, which a new one would not have. */
int flat_map_more(struct flat *f, uint64_t pages)
{
	size_t old = f->pages << PAGE_SHIFT, new = pages << PAGE_SHIFT;
	uint8_t *map = mremap(f->map, old, new, 0), *room;

	if (map != MAP_FAILED)
		return 0;
	room = reserve(new);
	map = room ? mremap(f->map, old, new, MREMAP_MAYMOVE | MREMAP_FIXED, room) : MAP_FAILED;
	/* If that fails nobody knows whether the room is still there to be unmapped: it
	 * stays, which costs nothing but addresses. */
	if (map == MAP_FAILED)
		return -1;
	f->map = map;
	return 0;
}

void flat_map_fewer(struct flat *f, uint64_t pages)
{
	munmap(f->map + (pages << PAGE_SHIFT), (f->pages - pages) << PAGE_SHIFT);
}

int flat_populate(uint8_t *at, size_t bytes)
{
	if (madvise(at, bytes, MADV_POPULATE_WRITE) == 0 || errno == EINVAL)
		return 0;
	errno = ENOSPC;
	return -1;
}

/* Such a mapping is one again with its neighbours in the end: all say the same. A hole
 * in between would soon be somebody else's memory; no kernel is known to leave one. */
static void map_anew(struct flat *f, uint64_t first, uint64_t end)
{
	uint8_t *at = f->map + (first << PAGE_SHIFT);

	if (!map_at(f, at, first, end - first) &&
	    madvise(at, (end - first) << PAGE_SHIFT, MADV_NOHUGEPAGE) < 0 && errno == ENOMEM)
		abort();
}

void flat_forget_tables(struct flat *f, uint64_t first, uint64_t end)
{
	uint64_t from = first / TABLE_PAGES * TABLE_PAGES;
	uint64_t to = (end + TABLE_PAGES - 1) / TABLE_PAGES * TABLE_PAGES;

	if (bitmap_find(f->present, from, first, true) < first)
		from += TABLE_PAGES;
	if (to > f->pages)
		to = f->pages;
	if (bitmap_find(f->present, end, to, true) < to)
		to = end / TABLE_PAGES * TABLE_PAGES;
	if (from >= to)
		return;
	/* A lone page may come and go and come: its table goes when another stretch is empty. */
	if (to - from <= TABLE_PAGES) {
		uint64_t now = from;

		from = f->emptied;
		f->emptied = now;
		to = from + TABLE_PAGES < f->pages ? from + TABLE_PAGES : f->pages;
		if (from == now || from >= to || bitmap_find(f->present, from, to, true) < to)
			return;
	}
	map_anew(f, from, to);
}
