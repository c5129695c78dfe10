/* SPDX-License-Identifier: BSD-2-Clause */
/* Whoever names the wrong file here would lose it: so a file that is not ours
 * already has to begin with zeros, and a device must hold nothing that is known. */
#include "spill.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "link.h"
#include "signature.h"

/* With zeros up to the end of its page. */
static const char label[] = "farpage spill: what a host swapped out, without the key\n";

#define MIB_PAGES (UINT64_C(1048576) / PAGE_BYTES)

struct opening {
	const char *path;
	char *words;
	int fd;
	bool device;
	uint64_t wanted; /* pages */
};

static int __attribute__((format(printf, 2, 3)))
refuse(struct opening *o, const char *format, ...)
{
	va_list args;

	words_print(o->words, "spill=%.200s: ", o->path);
	va_start(args, format);
	words_vadd(o->words, format, args);
	va_end(args);
	return -1;
}

static int refuse_missing(struct opening *o)
{
	uint64_t mib = o->wanted / MIB_PAGES + 1; /* and the label has room */

	if (o->wanted == UINT64_MAX)
		return refuse(o, "is not there; make it, of 16 GiB for example: "
		                 "fallocate -l 16G %.200s", o->path);
	return refuse(o, "is not there; make it: fallocate -l %" PRIu64 "M %.200s", mib, o->path);
}

/* Looked at before it is opened: some devices do things then. */
static int spill_look(struct opening *o)
{
	struct stat s;

	if (stat(o->path, &s) < 0)
		return errno == ENOENT ? refuse_missing(o) : refuse(o, "%s", strerror(errno));
	if (S_ISDIR(s.st_mode))
		return refuse(o, "is a directory");
	if (!S_ISREG(s.st_mode) && !S_ISBLK(s.st_mode))
		return refuse(o, "is neither a file nor a block device");
	o->device = S_ISBLK(s.st_mode);
	return 0;
}

static int refuse_undirect(struct opening *o)
{
	return refuse(o, "no direct I/O (O_DIRECT) of 4096 bytes is possible on its %s",
	              o->device ? "device" : "filesystem");
}

/* O_EXCL: not while it is mounted, swapped onto or part of another device. */
static int open_it(struct opening *o)
{
	int flags = O_RDWR | O_DIRECT | O_CLOEXEC | O_NOCTTY | (o->device ? O_EXCL : 0);
	struct stat s;

	o->fd = open(o->path, flags);
	if (o->fd < 0 && errno == EINVAL)
		return refuse_undirect(o);
	if (o->fd < 0 && errno == EBUSY)
		return refuse(o, "is mounted, swapped onto, part of another device or "
		                 "in use by another process");
	if (o->fd < 0)
		return refuse(o, "%s", strerror(errno));
	if (fstat(o->fd, &s) < 0 || (o->device ? !S_ISBLK(s.st_mode) : !S_ISREG(s.st_mode)))
		return refuse(o, "was replaced while it was being opened");
	if (!o->device && flock(o->fd, LOCK_EX | LOCK_NB) < 0)
		return refuse(o, "is in use by another process");
	return 0;
}

/* Blocks are counted, for to fiemap and SEEK_HOLE a preallocated file is one hole. On a
 * filesystem that writes elsewhere than where it reads (btrfs, ZFS) even a file
 * without holes may find no room; such a put fails, as on a bad disk. */
static int measure(struct opening *o, uint64_t *bytes)
{
	off_t end = lseek(o->fd, 0, SEEK_END);
	uint64_t blocks;
	struct statfs fs;
	struct stat s;

	if (end < 0 || fstat(o->fd, &s) < 0 || fstatfs(o->fd, &fs) < 0)
		return refuse(o, "%s", strerror(errno));
	*bytes = (uint64_t)end;
	if (*bytes < (SPILL_LABEL_PAGES + 1) * PAGE_BYTES)
		return refuse(o, "has only %" PRIu64 " bytes", *bytes);
	if (o->device)
		return 0;
	if (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC)
		return refuse(o, "lies in this host's memory (tmpfs)");
	blocks = (uint64_t)s.st_blocks * 512;
	if (blocks < *bytes)
		return refuse(o, "is not preallocated: %" PRIu64 " of its %" PRIu64 " bytes are "
		              "holes; fill them: fallocate -l %" PRIu64 " %.200s",
		              *bytes - blocks, *bytes, *bytes, o->path);
	return 0;
}

/* libblkid reads what is not aligned. */
static int look_for_signatures(struct opening *o)
{
	int flags = fcntl(o->fd, F_GETFL), found;
	char what[SIGNATURE_MAX];

	if (flags < 0 || fcntl(o->fd, F_SETFL, flags & ~O_DIRECT) < 0)
		return refuse(o, "%s", strerror(errno));
	found = signature_find(o->fd, what);
	if (fcntl(o->fd, F_SETFL, flags) < 0)
		return refuse(o, "%s", strerror(errno));
	if (found > 0)
		return refuse(o, "holds something (%s); if that is no longer needed: wipefs -a "
		                 "%.200s", what, o->path);
	if (found < 0)
		return refuse(o, "cannot tell whether it holds something (%s); use a file", what);
	return 0;
}

/* Is PAGE all zeros? */
static bool empty(const char *page)
{
	return *page == 0 && memcmp(page, page + 1, PAGE_BYTES - 1) == 0;
}

/* PAGE is aligned. */
static int take(struct opening *o, char *page)
{
	char ours[PAGE_BYTES] = {0};
	ssize_t n = pread(o->fd, page, PAGE_BYTES, 0);

	if (n < 0 && errno == EINVAL)
		return refuse_undirect(o);
	if (n != PAGE_BYTES)
		return refuse(o, "reading it failed: %s", strerror(n < 0 ? errno : EIO));
	memcpy(ours, label, sizeof label);
	if (memcmp(page, ours, sizeof ours) == 0)
		return 0;
	if (o->device && look_for_signatures(o) < 0)
		return -1;
	if (!o->device && !empty(page))
		return refuse(o, "holds something that no spill wrote; if it is no longer needed, "
		                 "remove it and make a new one");
	memcpy(page, ours, sizeof ours);
	n = pwrite(o->fd, page, PAGE_BYTES, 0);
	if (n != PAGE_BYTES)
		return refuse(o, "writing to it failed: %s", strerror(n < 0 ? errno : EIO));
	return 0;
}

int spill_open(const char *path, uint64_t *pages, char words[static WORDS_MAX])
{
	struct opening o = { .path = path, .words = words, .fd = -1, .wanted = *pages };
	char *page = aligned_alloc(PAGE_BYTES, PAGE_BYTES);
	uint64_t bytes = 0, room;
	int taken;

	if (!page)
		return refuse(&o, "%s", strerror(errno));
	taken = spill_look(&o) < 0 || open_it(&o) < 0 || measure(&o, &bytes) < 0 ||
	        take(&o, page) < 0 ? -1 : 0;
	free(page);
	if (taken < 0) {
		if (o.fd >= 0)
			close(o.fd);
		return -1;
	}
	room = bytes / PAGE_BYTES - SPILL_LABEL_PAGES;
	if (room < *pages)
		*pages = room;
	return o.fd;
}
