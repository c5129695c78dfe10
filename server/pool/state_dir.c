/* SPDX-License-Identifier: BSD-2-Clause */
/* A directory of a tmpfs, with a file NAME.pool for each pool. One farpaged at
 * a time has it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "descriptors.h"
#include "path.h"
#include "pool.h"
#include "state.h"

#define SUFFIX ".pool"
#define FILE_NAME_MAX (POOL_NAME_MAX + sizeof SUFFIX)

struct dir {
	struct state state;
	int fd;
	uid_t uid;
	gid_t gid;
	char path[PATH_MAX];
};

static void file_name(const char *pool, char name[static FILE_NAME_MAX])
{
	snprintf(name, FILE_NAME_MAX, "%s" SUFFIX, pool);
}

static const char *bad_file(const struct dir *d, const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "it is not a regular file";
	if (st->st_uid != d->uid)
		return "it belongs to another user";
	if (st->st_mode & 077)
		return "users other than its owner may access it";
	if (st->st_nlink != 1)
		return "it has another hard link";
	return NULL;
}

static int dir_take(struct state *state, const char *pool, char words[static WORDS_MAX])
{
	const struct dir *d = (struct dir *)state;
	char name[FILE_NAME_MAX];
	struct stat st;
	const char *bad;

	file_name(pool, name);
	int fd = openat(d->fd, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int e = fd < 0 ? errno : EPERM;
	if (fd < 0)
		bad = e == ELOOP ? "it is a symbolic link" : strerror(e);
	else
		bad = fstat(fd, &st) < 0 ? strerror(errno) : bad_file(d, &st);
	if (!bad)
		return fd;
	words_print(words, "%s", bad);
	if (fd >= 0)
		close(fd);
	errno = e;
	return -1;
}

static int dir_make(struct state *state)
{
	const struct dir *d = (struct dir *)state;
	int fd = openat(d->fd, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

	if (fd < 0 || d->uid == geteuid() || fchown(fd, d->uid, d->gid) == 0)
		return fd;
	int e = errno;
	close(fd);
	errno = e;
	return -1;
}

static int dir_commit(struct state *state, const char *pool, int fd)
{
	char name[FILE_NAME_MAX], self[64];

	file_name(pool, name);
	snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, self, ((struct dir *)state)->fd, name, AT_SYMLINK_FOLLOW);
}

static void dir_drop(struct state *state, const char *pool)
{
	char name[FILE_NAME_MAX];

	file_name(pool, name);
	unlinkat(((struct dir *)state)->fd, name, 0);
}

/* FILE is a pool's: its name. */
static bool pool_name(const char *file, char name[static POOL_NAME_MAX + 1])
{
	size_t n = strlen(file);

	if (n < sizeof SUFFIX || n >= FILE_NAME_MAX ||
	    strcmp(file + n - (sizeof SUFFIX - 1), SUFFIX) != 0)
		return false;
	snprintf(name, POOL_NAME_MAX + 1, "%.*s", (int)(n - (sizeof SUFFIX - 1)), file);
	return pool_name_valid(name);
}

static int dir_each(struct state *state, int (*see)(void *data, const char *name), void *data)
{
	int fd = openat(((struct dir *)state)->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	char name[POOL_NAME_MAX + 1];
	struct dirent *entry;
	int r = 0;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while (r == 0 && (entry = readdir(dir)))
		if (pool_name(entry->d_name, name))
			r = see(data, name);
	closedir(dir);
	return r;
}

static void dir_tell(struct state *state, const char *pool, char where[static WORDS_MAX],
                     char way_out[static WORDS_MAX])
{
	words_print(where, "%.100s/%s" SUFFIX, ((struct dir *)state)->path, pool);
	words_print(way_out,
	            "to go on without its pages, remove that file, or use another state-dir");
}

static void dir_close(struct state *state)
{
	struct dir *d = (struct dir *)state;

	if (d->fd >= 0)
		close(d->fd);
	free(d);
}

static const struct state_ops ops = {
	.take = dir_take,
	.make = dir_make,
	.commit = dir_commit,
	.drop = dir_drop,
	.each = dir_each,
	.tell = dir_tell,
	.close = dir_close,
};

static const char *bad_dir(const struct dir *d)
{
	int fd = d->fd;
	struct stat st;
	struct statfs fs;

	if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
		return strerror(errno);
	if (fs.f_type != TMPFS_MAGIC)
		return "it is not on a tmpfs, and pages belong in memory; use a directory such as "
		       "/dev/shm/farpaged";
	if (st.st_uid != d->uid)
		return "it belongs to another user; use a directory of your own";
	if (st.st_mode & 022)
		return "other users may write there; chmod go-w it, or use a separate directory";
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? "another farpaged uses it" : strerror(errno);
	return NULL;
}

static int add_held(void *data, const char *pool)
{
	struct { struct dir *d; uint64_t bytes; } *sum = data;
	char name[FILE_NAME_MAX];
	struct stat st;

	file_name(pool, name);
	if (fstatat(sum->d->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		sum->bytes += (uint64_t)st.st_blocks * 512;
	return 0;
}

uint64_t state_dir_free(struct state *state)
{
	struct statfs fs;

	if (fstatfs(((struct dir *)state)->fd, &fs) < 0 || fs.f_blocks == 0)
		return UINT64_MAX;
	return (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize;
}

/* For pages that will be put. What was kept must be had again, also where others have
 * filled the tmpfs since: puts are refused then. */
int state_dir_room(struct state *state, uint64_t lend, char words[static WORDS_MAX])
{
	struct dir *d = (struct dir *)state;
	struct { struct dir *d; uint64_t bytes; } sum = { d, 0 }; /* held, then to be had */
	uint64_t need = lend + lend / 2048 + (1 << 20); /* labels and bitmaps, too */

	dir_each(&d->state, add_held, &sum);
	if (sum.bytes)
		return 0;
	sum.bytes = state_dir_free(state);
	if (sum.bytes >= need)
		return 0;
	words_print(words,
	            "state-dir %.100s: there is room for %" PRIu64 " MiB, and lend needs %" PRIu64
	            " MiB; mount a tmpfs of its own with size=%" PRIu64 "m, or lend less",
	            d->path, sum.bytes >> 20, need >> 20, (need >> 20) + 1);
	return -1;
}

/* Make it, if it is missing. */
static int open_dir(const struct dir *d)
{
	/* Where others could change what that means, root makes nothing. */
	bool may = d->uid == geteuid() || path_is_roots(d->path);
	bool made = may && mkdir(d->path, 0700) == 0;
	int fd = open(d->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && made && d->uid != geteuid() && fchown(fd, d->uid, d->gid) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

struct state *state_dir(const char *path, uid_t uid, gid_t gid,
                        char words[static WORDS_MAX])
{
	struct dir *d = calloc(1, sizeof *d);
	char why[WORDS_MAX];
	const char *bad = NULL;

	if (!d) {
		words_print(words, "no memory");
		return NULL;
	}
	d->state.ops = &ops;
	d->uid = uid;
	d->gid = gid;
	snprintf(d->path, sizeof d->path, "%s", path);
	d->fd = open_dir(d);
	if (d->fd < 0)
		bad = errno == ENOTDIR || errno == ELOOP
		          ? "it is not a directory, or is a symbolic link to one"
		      : errno == ENOENT && uid != geteuid() && !path_is_roots(path)
		          ? "make it yourself, owned by that user: not only root can write where "
		            "it belongs"
		          : descriptors_words(errno, why);
	else
		bad = bad_dir(d);
	if (!bad)
		return &d->state;
	words_print(words, "state-dir %.200s: %s", path, bad);
	dir_close(&d->state);
	return NULL;
}
