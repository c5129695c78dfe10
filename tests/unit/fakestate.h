/* SPDX-License-Identifier: BSD-2-Clause */
/* Pools that outlive who had them: a state whose files are memfds of the test. */
#ifndef FARPAGE_FAKESTATE_H
#define FARPAGE_FAKESTATE_H

#include "pool_fixture.h"

#include <sys/mman.h>
#include <unistd.h>

#include "state.h"

#define FILES 4

/* A state whose files outlive it, in memory of the test. */
static struct file {
	char name[POOL_NAME_MAX + 1];
	int fd; /* 0: none */
} files[FILES];
static bool no_commit;

static inline struct file *find(const char *name)
{
	for (int i = 0; i < FILES; i++)
		if (files[i].fd && strcmp(files[i].name, name) == 0)
			return &files[i];
	return NULL;
}

static inline int fake_take(struct state *state, const char *name,
                            char words[static WORDS_MAX])
{
	struct file *file = find(name);

	(void)state;
	if (file && file->fd < 0) {
		words_print(words, "it bites");
		errno = EPERM;
		return -1;
	}
	if (!file)
		errno = ENOENT;
	return file ? dup(file->fd) : -1;
}

static inline int fake_make(struct state *state)
{
	(void)state;
	return memfd_create("farpage", MFD_CLOEXEC);
}

static inline int fake_commit(struct state *state, const char *name, int fd)
{
	(void)state;
	assert_null(find(name));
	if (no_commit) {
		errno = ENOSPC;
		return -1;
	}
	for (int i = 0; i < FILES; i++)
		if (!files[i].fd) {
			files[i].fd = dup(fd);
			strcpy(files[i].name, name);
			return 0;
		}
	abort();
}

static inline void fake_drop(struct state *state, const char *name)
{
	struct file *file = find(name);

	(void)state;
	assert_non_null(file);
	if (file->fd > 0)
		close(file->fd);
	file->fd = 0;
}

static inline int fake_each(struct state *state, int (*see)(void *data, const char *name),
                            void *data)
{
	int r = 0;

	(void)state;
	for (int i = 0; r == 0 && i < FILES; i++)
		if (files[i].fd)
			r = see(data, files[i].name);
	return r;
}

static inline void fake_tell(struct state *state, const char *name,
                             char where[static WORDS_MAX],
                             char way_out[static WORDS_MAX])
{
	(void)state;
	words_print(where, "file %s", name);
	words_print(way_out, "go round it");
}

static const struct state_ops fake_ops = {
	.take = fake_take, .make = fake_make, .commit = fake_commit,
	.drop = fake_drop, .each = fake_each, .tell = fake_tell,
};
static struct state fake = { &fake_ops };

static inline int setup(void **state)
{
	(void)state;
	memset(files, 0, sizeof files);
	no_commit = false;
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	for (int i = 0; i < FILES; i++)
		if (files[i].fd > 0)
			close(files[i].fd);
	return 0;
}

/* Another farpaged, after the one before ended; nothing is told to the old one. */
static inline struct pools *lend_kept(uint64_t pages)
{
	struct pools *pools = lend(pages);

	pools->state = &fake;
	return pools;
}

static inline struct body *claimed(struct pool *pool, const char *instance)
{
	struct body *b = body(instance);
	char words[WORDS_MAX];

	assert_int_equal(member_claim(&b->m, pool, instance, false, words), 0);
	return b;
}

/* A pool "a" of 64 pages, with pages 3 and 5, and its last farpaged ended. */
static inline void left(bool thin)
{
	struct pools *pools = lend_kept(64);
	struct body *b = claimed(add(pools, "a", 64, thin), "me");

	put(b, 3, 30);
	put(b, 5, 50);
	gone(b);
	lend_no_more(pools);
}

#define KEEP_UNIT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
