/* SPDX-License-Identifier: BSD-2-Clause */
/* A flat store that an ended process left: looked at first, mended then. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flat.h"

/* The next run of pages that the file holds, from PAGE on; both are the end if there
 * is none. */
static void next_held(const struct flat *f, uint64_t page, uint64_t *first, uint64_t *end)
{
	off_t data = lseek(f->fd, (off_t)(f->base + (page << PAGE_SHIFT)), SEEK_DATA);
	off_t hole = data < 0 ? -1 : lseek(f->fd, data, SEEK_HOLE);

	*first = *end = f->pages;
	if (hole < 0)
		return;
	uint64_t from = ((uint64_t)data - f->base) >> PAGE_SHIFT;
	uint64_t to = ((uint64_t)hole - f->base) >> PAGE_SHIFT;
	if (from < *first)
		*first = from;
	if (to < *end)
		*end = to;
}

/* As long as its pages; or longer, for what was growing has only a hole more. */
static bool right_length(int fd, uint64_t pages)
{
	off_t want = (off_t)(FLAT_KEPT_BASE + (pages << PAGE_SHIFT));
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size < want)
		return false;
	return st.st_size == want || (lseek(fd, want, SEEK_DATA) < 0 && errno == ENXIO);
}

/* No page is said to be there that is not, nor one that cannot be. */
static bool is_whole(const struct flat *f)
{
	uint64_t bits = bitmap_bytes(f->pages) * 8;
	uint64_t first, end;

	for (unsigned i = 0; i < FLAT_LANES; i++)
		if (atomic_load(&f->lanes[i].page) > f->pages)
			return false;
	if (bitmap_find(f->present, f->pages, bits, true) != bits)
		return false;
	for (uint64_t page = 0; page < f->pages; page = end) {
		next_held(f, page, &first, &end);
		if (bitmap_find(f->present, page, first, true) != first)
			return false;
	}
	return true;
}

/* A put that was under way flushes its page. */
static void empty_lanes(struct flat *f)
{
	for (unsigned i = 0; i < FLAT_LANES; i++) {
		uint64_t next = atomic_load(&f->lanes[i].page);

		if (next)
			bitmap_clear(f->present, next - 1, next);
		atomic_store(&f->lanes[i].page, 0);
	}
}

/* What a put or a flush that was under way left without its bit. */
static void sweep(struct flat *f)
{
	uint64_t first, end;

	for (uint64_t page = 0; page < f->pages; page = end) {
		next_held(f, page, &first, &end);
		while ((first = bitmap_find(f->present, first, end, false)) < end) {
			uint64_t last = bitmap_find(f->present, first, end, true);

			flat_punch(f, first, last);
			first = last;
		}
	}
}

/* Only a page that was touched is locked. */
static void touch(const struct flat *f)
{
	uint64_t page = 0;

	while ((page = bitmap_find(f->present, page, f->pages, true)) < f->pages)
		(void)*(volatile const uint8_t *)(f->map + (page++ << PAGE_SHIFT));
}

struct store *flat_adopt(int fd, uint64_t pages, bool *locked, uint64_t *used)
{
	if (pages == 0 || pages > FLAT_PAGES_MAX || !right_length(fd, pages)) {
		errno = EBADMSG;
		return NULL;
	}
	struct flat *f = flat_map(fd, FLAT_KEPT_BASE, pages);
	if (!f)
		return NULL;
	if (!is_whole(f) ||
	    ftruncate(fd, (off_t)(FLAT_KEPT_BASE + (pages << PAGE_SHIFT))) < 0) {
		f->fd = -1;
		flat_close(&f->store);
		errno = EBADMSG;
		return NULL;
	}
	empty_lanes(f);
	sweep(f);
	*used = bitmap_count(f->present, pages);
	*locked = flat_lock(f);
	if (*locked)
		touch(f);
	return &f->store;
}
