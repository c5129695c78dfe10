/* SPDX-License-Identifier: BSD-2-Clause */
/* The flat store: a sparse file mapped once, page N at BASE + N*4096, and a
 * front with the caller's head, the lanes and a presence bitmap. An absent page is
 * a hole and costs nothing; flush punches holes.
 *
 * A private store has a memfd for its pages, and its front in memory of its
 * own. A kept one has both in one file: pages that have no bit were being put or
 * flushed when the process ended, and go when it is adopted. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flat.h"

struct flat *flat(struct store *store)
{
	return (struct flat *)store;
}

static size_t front_bytes(uint64_t pages)
{
	return FLAT_BITMAP_AT + bitmap_bytes(pages);
}

static void set_front(struct flat *f, uint8_t *front, uint64_t pages)
{
	f->front = front;
	f->front_bytes = front_bytes(pages);
	f->store.head = front;
	f->lanes = f->base ? (struct flat_lane *)(front + STORE_HEAD_BYTES) : NULL;
	f->present = (_Atomic uint64_t *)(front + FLAT_BITMAP_AT);
}

static int map_front(struct flat *f, uint64_t pages)
{
	uint8_t *front = mmap(NULL, front_bytes(pages), PROT_READ | PROT_WRITE,
	                      f->base ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS,
	                      f->base ? f->fd : -1, 0);

	if (front == MAP_FAILED)
		return -1;
	set_front(f, front, pages);
	return 0;
}

/* The same front, for more pages or fewer. */
static int remap_front(struct flat *f, uint64_t pages)
{
	uint8_t *front = mremap(f->front, f->front_bytes, front_bytes(pages), MREMAP_MAYMOVE);

	if (front == MAP_FAILED)
		return -1;
	set_front(f, front, pages);
	return 0;
}

/* What is read and written on the path of a page is there from the start, also where
 * the file's tmpfs is full later. Anonymous memory is the kernel's to find. */
static int have_front(struct flat *f)
{
	madvise(f->front, f->front_bytes, MADV_NOHUGEPAGE);
	return f->base ? flat_populate(f->front, f->front_bytes) : 0;
}

/* The file is long enough for PAGES, and not longer. */
static int set_length(const struct flat *f, uint64_t pages)
{
	return ftruncate(f->fd, (off_t)(f->base + (pages << PAGE_SHIFT)));
}

void flat_close(struct store *store)
{
	struct flat *f = flat(store);

	if (!f)
		return;
	if (f->map)
		munmap(f->map, f->pages << PAGE_SHIFT);
	if (f->front)
		munmap(f->front, f->front_bytes);
	if (f->fd >= 0)
		close(f->fd);
	free(f);
}

struct flat *flat_map(int fd, uint64_t base, uint64_t pages)
{
	struct flat *f = calloc(1, sizeof *f);

	if (!f)
		return NULL;
	f->store.ops = &store_flat;
	f->fd = fd;
	f->base = base;
	f->pages = pages;
	if (flat_map_pages(f, pages) == 0 && map_front(f, pages) == 0 && have_front(f) == 0)
		return f;
	int e = errno;
	f->fd = -1;
	flat_close(&f->store);
	errno = e;
	return NULL;
}

bool flat_lock(struct flat *f)
{
	f->locked = mlock2(f->map, f->pages << PAGE_SHIFT, MLOCK_ONFAULT) == 0 &&
	            mlock2(f->front, f->front_bytes, MLOCK_ONFAULT) == 0;
	return f->locked;
}

/* Does a page cost a page, and no huge one? */
static int weigh(struct flat *f)
{
	struct stat before, after;

	if (fstat(f->fd, &before) < 0 || flat_populate(f->map, PAGE_BYTES) < 0 ||
	    fstat(f->fd, &after) < 0)
		return 0; /* nobody knows */
	flat_punch(f, 0, 1);
	if ((after.st_blocks - before.st_blocks) * 512 <= PAGE_BYTES)
		return 0;
	errno = ENOTSUP;
	return -1;
}

static struct store *flat_open(int fd, uint64_t pages, bool *locked)
{
	uint64_t base = fd < 0 ? 0 : FLAT_KEPT_BASE;
	int file = fd < 0 ? memfd_create("farpage", MFD_CLOEXEC) : fd;
	struct flat *f = NULL;

	if (file < 0)
		return NULL;
	if (pages > FLAT_PAGES_MAX)
		errno = EFBIG;
	else if (ftruncate(file, (off_t)(base + (pages << PAGE_SHIFT))) == 0)
		f = flat_map(file, base, pages);
	if (f && weigh(f) == 0) {
		*locked = flat_lock(f);
		return &f->store;
	}
	int e = errno;
	if (f)
		f->fd = -1;
	flat_close(f ? &f->store : NULL);
	if (fd < 0)
		close(file);
	errno = e;
	return NULL;
}

static uint64_t flat_discard(struct store *, uint64_t *, uint64_t, uint64_t);

static int grow(struct flat *f, uint64_t pages)
{
	if (set_length(f, pages) == 0 && remap_front(f, pages) == 0 && have_front(f) == 0 &&
	    flat_map_more(f, pages) == 0) {
		f->pages = pages;
		return 0;
	}
	int e = errno;
	set_length(f, f->pages); /* of the front nobody sees that it is longer */
	errno = e;
	return -1;
}

static int shrink(struct flat *f, uint64_t pages)
{
	for (uint64_t page = pages; page < f->pages; )
		flat_discard(&f->store, &page, f->pages, f->pages);
	flat_map_fewer(f, pages);
	f->pages = pages;
	remap_front(f, pages);
	return set_length(f, pages);
}

static int flat_resize(struct store *store, uint64_t pages)
{
	struct flat *f = flat(store);

	if (!pages || pages > FLAT_PAGES_MAX) {
		errno = pages ? EFBIG : EINVAL;
		return -1;
	}
	return pages < f->pages ? shrink(f, pages) : grow(f, pages);
}

static bool flat_present(const struct store *store, uint64_t page)
{
	return bitmap_has(((const struct flat *)store)->present, page);
}

/* This thread's own. More threads than lanes never put into a kept store. */
static struct flat_lane *my_lane(struct flat *f)
{
	static _Atomic unsigned lanes;
	static _Thread_local unsigned lane; /* from 1 */

	if (!lane)
		lane = atomic_fetch_add(&lanes, 1) + 1;
	if (lane > FLAT_LANES)
		abort();
	return &f->lanes[lane - 1];
}

/* A process that is killed stops between two of its instructions; so it is
 * enough that the compiler keeps the order. */
static int put_bytes(struct flat *f, uint64_t page, size_t offset, size_t len,
                     const uint8_t *data)
{
	uint8_t *at = f->map + (page << PAGE_SHIFT);
	bool there = bitmap_has(f->present, page);

	/* A page that the host cannot give is an error here, and else a SIGBUS. */
	if (!there && flat_populate(at, PAGE_BYTES) < 0)
		return -1;
	memcpy(at + offset, data, len);
	atomic_signal_fence(memory_order_seq_cst);
	return !there && bitmap_set(f->present, page, page + 1);
}

static int flat_put(struct store *store, uint64_t page, size_t offset,
                    size_t len, const uint8_t *data)
{
	struct flat *f = flat(store);

	if (!f->lanes || len < PAGE_BYTES)
		return put_bytes(f, page, offset, len, data);

	struct flat_lane *lane = my_lane(f);
	atomic_store_explicit(&lane->page, page + 1, memory_order_relaxed);
	atomic_signal_fence(memory_order_seq_cst);
	int r = put_bytes(f, page, offset, len, data);
	atomic_signal_fence(memory_order_seq_cst);
	atomic_store_explicit(&lane->page, 0, memory_order_relaxed);
	return r;
}

static uint64_t flat_run(const struct store *store, uint64_t page, uint64_t max, bool *there)
{
	*there = flat_present(store, page);
	return bitmap_find(((const struct flat *)store)->present, page, page + max, !*there) - page;
}

static const uint8_t *flat_get(struct store *store, uint64_t page,
                               uint64_t max, uint64_t *run)
{
	struct flat *f = flat(store);
	bool there;

	*run = flat_run(store, page, max, &there);
	return there ? f->map + (page << PAGE_SHIFT) : NULL;
}

void flat_punch(struct flat *f, uint64_t first, uint64_t end)
{
	if (fallocate(f->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
	              (off_t)(f->base + (first << PAGE_SHIFT)),
	              (off_t)((end - first) << PAGE_SHIFT)) < 0)
		memset(f->map + (first << PAGE_SHIFT), 0, (end - first) << PAGE_SHIFT);
}

/* One punch covers the freed pages and the holes between them. */
static uint64_t flat_discard(struct store *store, uint64_t *page, uint64_t end,
                           uint64_t max)
{
	struct flat *f = flat(store);
	uint64_t first = bitmap_find(f->present, *page, end, true), last = first, freed = 0;

	for (uint64_t at = first; at < end && freed < max; ) {
		uint64_t stop = end - at < max - freed ? end : at + (max - freed);

		last = bitmap_find(f->present, at, stop, false);
		freed += last - at;
		at = bitmap_find(f->present, last, end, true);
	}
	*page = freed < max ? end : last;
	if (!freed)
		return 0;
	bitmap_clear(f->present, first, last);
	flat_forget_tables(f, first, last);
	flat_punch(f, first, last);
	return freed;
}

const struct store_ops store_flat = {
	.name = "flat",
	.open = flat_open,
	.adopt = flat_adopt,
	.close = flat_close,
	.resize = flat_resize,
	.put = flat_put,
	.run = flat_run,
	.get = flat_get,
	.discard = flat_discard,
	.present = flat_present,
};
