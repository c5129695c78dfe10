/* SPDX-License-Identifier: BSD-2-Clause */
/* The flat store: a sparse memfd mapped once, page N at byte N*4096, and a
 * presence bitmap beside it. An absent page is a hole and costs nothing;
 * flush punches holes. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "store.h"

#define WORD_BITS 64u

struct flat {
	struct store store;
	int fd;
	uint64_t pages;
	uint8_t *map;                  /* pages * PAGE_SIZE, from fd */
	_Atomic uint64_t *present;     /* one bit a page, WORD_BITS a word */
	bool locked;
};

static struct flat *flat(struct store *store)
{
	return (struct flat *)store;
}

static size_t bitmap_bytes(uint64_t pages)
{
	return (size_t)((pages + WORD_BITS - 1) / WORD_BITS) * sizeof(uint64_t);
}

static void *map_anonymous(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

static void flat_close(struct store *store)
{
	struct flat *f = flat(store);

	if (!f)
		return;
	if (f->map)
		munmap(f->map, f->pages << PAGE_SHIFT);
	if (f->present)
		munmap(f->present, bitmap_bytes(f->pages));
	if (f->fd >= 0)
		close(f->fd);
	free(f);
}

static struct store *flat_open(uint64_t pages, bool *locked)
{
	struct flat *f = calloc(1, sizeof *f);

	if (!f)
		return NULL;
	f->store.ops = &store_flat;
	f->pages = pages;
	f->fd = memfd_create("farpage", MFD_CLOEXEC);
	if (f->fd < 0 || ftruncate(f->fd, (off_t)(pages << PAGE_SHIFT)) < 0)
		goto err;
	f->map = mmap(NULL, pages << PAGE_SHIFT, PROT_READ | PROT_WRITE,
	              MAP_SHARED, f->fd, 0);
	if (f->map == MAP_FAILED) {
		f->map = NULL;
		goto err;
	}
	f->present = map_anonymous(bitmap_bytes(pages));
	if (!f->present)
		goto err;
	/* Lent pages are no use in a core dump, and not ours to show. */
	madvise(f->map, pages << PAGE_SHIFT, MADV_DONTDUMP);
	f->locked = mlock2(f->map, pages << PAGE_SHIFT, MLOCK_ONFAULT) == 0 &&
	            mlock2(f->present, bitmap_bytes(pages), MLOCK_ONFAULT) == 0;
	*locked = f->locked;
	return &f->store;
err:;
	int e = errno;
	flat_close(&f->store);
	errno = e;
	return NULL;
}

static uint64_t flat_flush(struct store *, uint64_t *, uint64_t, uint64_t);

/* The new map and bitmap are made whole before the old ones go, so a failure
 * leaves the store as it was. */
static int flat_resize(struct store *store, uint64_t pages)
{
	struct flat *f = flat(store);
	size_t bytes = pages << PAGE_SHIFT;
	_Atomic uint64_t *present = map_anonymous(bitmap_bytes(pages));

	if (!present)
		return -1;
	if (pages > f->pages && ftruncate(f->fd, (off_t)bytes) < 0)
		goto err;
	uint8_t *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
	                    f->fd, 0);
	if (map == MAP_FAILED)
		goto err;
	madvise(map, bytes, MADV_DONTDUMP);
	if (f->locked && (mlock2(map, bytes, MLOCK_ONFAULT) < 0 ||
	                  mlock2(present, bitmap_bytes(pages), MLOCK_ONFAULT) < 0)) {
		munmap(map, bytes);
		goto err;
	}
	for (uint64_t page = pages; page < f->pages; )
		flat_flush(store, &page, f->pages, f->pages);
	munmap(f->map, f->pages << PAGE_SHIFT);
	size_t keep = bitmap_bytes(pages < f->pages ? pages : f->pages);
	memcpy((void *)present, (void *)f->present, keep);
	munmap(f->present, bitmap_bytes(f->pages));
	f->map = map;
	f->present = present;
	f->pages = pages;
	/* Shrinking last: a page still mapped must not lie beyond the end. */
	return ftruncate(f->fd, (off_t)bytes);
err:;
	int e = errno;
	munmap((void *)present, bitmap_bytes(pages));
	errno = e;
	return -1;
}

static bool flat_present(const struct store *store, uint64_t page)
{
	const struct flat *f = (const struct flat *)store;
	uint64_t word = atomic_load_explicit(&f->present[page / WORD_BITS],
	                                     memory_order_relaxed);

	return word >> (page % WORD_BITS) & 1;
}

static int flat_put(struct store *store, uint64_t page, size_t offset,
                    size_t len, const uint8_t *data)
{
	struct flat *f = flat(store);
	uint64_t bit = UINT64_C(1) << (page % WORD_BITS);

	memcpy(f->map + (page << PAGE_SHIFT) + offset, data, len);
	if (flat_present(store, page))
		return 0;
	return !(atomic_fetch_or(&f->present[page / WORD_BITS], bit) & bit);
}

/* The first page from PAGE on, below END, whose presence is WHAT; or END. */
static uint64_t find(const struct flat *f, uint64_t page, uint64_t end,
                     bool what)
{
	uint64_t flip = what ? 0 : UINT64_MAX;

	while (page < end) {
		uint64_t word = atomic_load_explicit(&f->present[page / WORD_BITS],
		                                     memory_order_relaxed) ^ flip;
		word >>= page % WORD_BITS;
		if (word) {
			page += (uint64_t)__builtin_ctzll(word);
			return page < end ? page : end;
		}
		page += WORD_BITS - page % WORD_BITS;
	}
	return end;
}

static const uint8_t *flat_get(struct store *store, uint64_t page,
                               uint64_t max, uint64_t *run)
{
	struct flat *f = flat(store);
	bool there = flat_present(store, page);

	*run = find(f, page, page + max, !there) - page;
	return there ? f->map + (page << PAGE_SHIFT) : NULL;
}

static void clear_present(struct flat *f, uint64_t first, uint64_t end)
{
	for (uint64_t page = first; page < end; ) {
		uint64_t n = WORD_BITS - page % WORD_BITS;
		uint64_t mask = UINT64_MAX << (page % WORD_BITS);

		if (n > end - page)
			mask &= UINT64_MAX >> (n - (end - page));
		atomic_fetch_and(&f->present[page / WORD_BITS], ~mask);
		page += n;
	}
}

/* One punch covers the freed pages and the holes between them. Should the
 * punch fail (it has no cause to), the pages are cleared instead: they cost
 * memory then, but never come back stale. */
static uint64_t flat_flush(struct store *store, uint64_t *page, uint64_t end,
                           uint64_t max)
{
	struct flat *f = flat(store);
	uint64_t first = find(f, *page, end, true), last = first, freed = 0;

	for (uint64_t at = first; at < end && freed < max; ) {
		uint64_t stop = end - at < max - freed ? end : at + (max - freed);

		last = find(f, at, stop, false);
		freed += last - at;
		at = find(f, last, end, true);
	}
	*page = freed < max ? end : last;
	if (!freed)
		return 0;
	clear_present(f, first, last);
	if (fallocate(f->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
	              (off_t)(first << PAGE_SHIFT),
	              (off_t)((last - first) << PAGE_SHIFT)) < 0)
		memset(f->map + (first << PAGE_SHIFT), 0, (last - first) << PAGE_SHIFT);
	return freed;
}

const struct store_ops store_flat = {
	.name = "flat",
	.open = flat_open,
	.close = flat_close,
	.resize = flat_resize,
	.put = flat_put,
	.get = flat_get,
	.flush = flat_flush,
	.present = flat_present,
};
