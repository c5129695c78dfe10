/* SPDX-License-Identifier: BSD-2-Clause */
/* A flat store that is kept in a file, and that another process then finds. */
#ifndef FARPAGE_KEEP_FIXTURE_H
#define FARPAGE_KEEP_FIXTURE_H

#include "store_fixture.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include "flat.h"

/* An empty file, and a second descriptor of it in FD for the finder. */
static inline int new_file(int *fd)
{
	int file = memfd_create("farpage", MFD_CLOEXEC);

	assert_true(file >= 0);
	*fd = dup(file);
	assert_true(*fd >= 0);
	return file;
}

static inline struct store *keep(int *fd, uint64_t pages)
{
	bool locked;
	struct store *s = store_flat.open(new_file(fd), pages, &locked);

	assert_non_null(s);
	return s;
}

/* FD is the store's then, as of a process that ended as it stood. */
static inline struct store *adopt(int fd, uint64_t pages, uint64_t used)
{
	bool locked;
	uint64_t counted = 0;
	struct store *s = store_flat.adopt(fd, pages, &locked, &counted);

	assert_non_null(s);
	assert_true(counted == used);
	return s;
}

static inline void expect_no_adoption(int fd, uint64_t pages)
{
	bool locked;
	uint64_t used;
	struct stat before, after;
	long held = held_pages();

	assert_int_equal(fstat(fd, &before), 0);
	errno = 0;
	assert_null(store_flat.adopt(fd, pages, &locked, &used));
	assert_int_equal(errno, EBADMSG);
	assert_int_equal(fstat(fd, &after), 0);
	assert_true(before.st_size == after.st_size);
	assert_int_equal(held_pages(), held);
	close(fd);
}

/* What is at OFFSET in the file. */
static inline void poke(int fd, uint64_t offset, const void *bytes, size_t n)
{
	assert_int_equal(pwrite(fd, bytes, n, (off_t)offset), n);
}

static inline uint64_t page_at(uint64_t page)
{
	return FLAT_KEPT_BASE + (page << PAGE_SHIFT);
}

static inline void poke_word(int fd, uint64_t offset, uint64_t word)
{
	poke(fd, offset, &word, sizeof word);
}

static inline void poke_lane(int fd, unsigned lane, uint64_t word)
{
	poke_word(fd, STORE_HEAD_BYTES + lane * sizeof(struct flat_lane), word);
}

#endif
