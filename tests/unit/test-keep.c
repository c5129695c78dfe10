/* SPDX-License-Identifier: BSD-2-Clause */
/* Pools that outlive who had them: all that was promised about one stands, and
 * what is not the pool that is wanted is refused. Their files are memfds here. */
#include "pooled.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keep.h"
#include "state.h"
#include "store_flat.h"

#define FILES 4

/* A state whose files outlive it, in memory of the test. */
static struct file {
	char name[POOL_NAME_MAX + 1];
	int fd; /* 0: none */
} files[FILES];
static bool no_commit;

static struct file *find(const char *name)
{
	for (int i = 0; i < FILES; i++)
		if (files[i].fd && strcmp(files[i].name, name) == 0)
			return &files[i];
	return NULL;
}

static int fake_take(struct state *state, const char *name, char words[static STATE_WORDS_MAX])
{
	struct file *file = find(name);

	(void)state;
	if (file && file->fd < 0) {
		snprintf(words, STATE_WORDS_MAX, "it bites");
		errno = EPERM;
		return -1;
	}
	if (!file)
		errno = ENOENT;
	return file ? dup(file->fd) : -1;
}

static int fake_make(struct state *state)
{
	(void)state;
	return memfd_create("farpage", MFD_CLOEXEC);
}

static int fake_commit(struct state *state, const char *name, int fd)
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

static void fake_drop(struct state *state, const char *name)
{
	struct file *file = find(name);

	(void)state;
	assert_non_null(file);
	if (file->fd > 0)
		close(file->fd);
	file->fd = 0;
}

static int fake_each(struct state *state, int (*see)(void *data, const char *name), void *data)
{
	int r = 0;

	(void)state;
	for (int i = 0; r == 0 && i < FILES; i++)
		if (files[i].fd)
			r = see(data, files[i].name);
	return r;
}

static void fake_tell(struct state *state, const char *name, char where[static STATE_WORDS_MAX],
                      char way_out[static STATE_WORDS_MAX])
{
	(void)state;
	snprintf(where, STATE_WORDS_MAX, "file %s", name);
	snprintf(way_out, STATE_WORDS_MAX, "go round it");
}

static const struct state_ops fake_ops = {
	.take = fake_take, .make = fake_make, .commit = fake_commit,
	.drop = fake_drop, .each = fake_each, .tell = fake_tell,
};
static struct state fake = { &fake_ops };

static int setup(void **state)
{
	(void)state;
	memset(files, 0, sizeof files);
	no_commit = false;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (int i = 0; i < FILES; i++)
		if (files[i].fd > 0)
			close(files[i].fd);
	return 0;
}

/* Another farpaged, after the one before ended; nothing is told to the old one. */
static struct pools *lend_kept(uint64_t pages)
{
	struct pools *pools = lend(pages);

	pools->state = &fake;
	return pools;
}

static struct body *claimed(struct pool *pool, const char *instance)
{
	struct body *b = body(instance);
	char words[POOL_WORDS_MAX];

	assert_int_equal(member_claim(&b->m, pool, instance, false, words), 0);
	return b;
}

static void expect_refusal(struct pools *pools, uint64_t pages, bool thin, const char *want)
{
	const struct pool_spec spec = { .name = "a", .size = PAGE(pages), .thin = thin };
	uint64_t granted = pools->granted_pages;
	char words[POOL_WORDS_MAX] = "";

	assert_int_equal(pool_add(pools, &spec, words), -1);
	if (!strstr(words, want) || !strstr(words, "file a") || !strstr(words, "go round it"))
		fail_msg("\"%s\" and not \"%s\"", words, want);
	assert_true(pools->granted_pages == granted);
	assert_null(pool_find(pools, "a"));
}

/* A pool "a" of 64 pages, with pages 3 and 5, and its last farpaged ended. */
static void left(bool thin)
{
	struct pools *pools = lend_kept(64);
	struct body *b = claimed(add(pools, "a", 64, thin), "me");

	put(b, 3, 30);
	put(b, 5, 50);
	gone(b);
	lend_no_more(pools);
}

TEST(everything_promised_stands)
{
	struct pools *pools = lend_kept(64);
	struct pool *pool = add(pools, "a", 64, false);
	char before[POOL_WORDS_MAX], after[POOL_WORDS_MAX], words[POOL_WORDS_MAX];
	struct body *b = claimed(pool, "me");
	uint64_t epoch = b->m.epoch;

	assert_false(pool->kept);
	put(b, 3, 30);
	pool_describe(pool, before);
	gone(b);
	lend_no_more(pools);

	pools = lend_kept(64);
	pool = add(pools, "a", 64, false);
	assert_true(pool->kept);
	pool_describe(pool, after);
	assert_string_equal(after, before);
	b = body("back");
	assert_int_equal(member_join_epoch(&b->m, pool, epoch, words), 0);
	expect(b, 3, 30);
	expect(b, 4, 0);
	gone(b);
	b = claimed(pool, "me");
	assert_true(told(pool, "since=") == epoch && b->m.epoch == epoch + 1);
	gone(b);
	lend_no_more(pools);

	pools = lend_kept(64);
	pool = add(pools, "a", 64, false);
	b = body("late");
	assert_int_equal(member_join_epoch(&b->m, pool, epoch, words), -1);
	assert_int_equal(member_join_epoch(&b->m, pool, epoch + 1, words), 0);
	gone(b);
	lend_no_more(pools);
}

TEST(another_instance_is_told_apart)
{
	left(false);
	struct pools *pools = lend_kept(64);
	struct pool *pool = add(pools, "a", 64, false);
	struct body *b = claimed(pool, "other");

	assert_true(told(pool, "since=") == b->m.epoch);
	gone(b);
	lend_no_more(pools);
}

TEST(the_owner_learns_of_a_plain_writer)
{
	left(false);
	struct pools *pools = lend_kept(64);
	struct pool *pool = add(pools, "a", 64, false);
	struct body *b = body("plain");
	uint64_t since = told(pool, "since=");

	member_join(&b->m, pool);
	put(b, 9, 90);
	gone(b);
	lend_no_more(pools);

	pools = lend_kept(64);
	pool = add(pools, "a", 64, false);
	assert_true(told(pool, "since=") == since);
	b = claimed(pool, "me");
	assert_true(told(pool, "since=") == b->m.epoch);
	gone(b);
	b = claimed(pool, "me"); /* and only once */
	assert_true(told(pool, "since=") == b->m.epoch - 1);
	gone(b);
	lend_no_more(pools);
}

TEST(what_it_holds_is_counted)
{
	left(true);
	struct pools *pools = lend_kept(3);
	struct body *b = body("b");

	member_join(&b->m, add(pools, "a", 64, true));
	assert_true(told(b->m.pool, "used=") == PAGE(2));
	assert_int_equal(put(b, 7, 1), 0);
	assert_int_equal(put(b, 8, 1), -1);
	flush(b, 0, PAGE(64));
	assert_true(pools->granted_pages == 0);
	gone(b);
	lend_no_more(pools);
}

TEST(it_may_have_grown_meanwhile)
{
	left(false);
	for (int round = 0; round < 2; round++) {
		struct pools *pools = lend_kept(100);
		struct body *b = body("b");

		member_join(&b->m, add(pools, "a", 100, false));
		assert_true(told(b->m.pool, "size=") == PAGE(100));
		expect(b, 5, 50);
		expect(b, 99, round ? 99 : 0);
		put(b, 99, 99);
		gone(b);
		lend_no_more(pools);
	}
}

TEST(one_that_grew_is_found_so)
{
	struct pools *pools = lend_kept(100);
	char words[POOL_WORDS_MAX];

	assert_int_equal(pool_grow(add(pools, "a", 64, false), PAGE(90), words), 0);
	lend_no_more(pools);
	pools = lend_kept(100);
	expect_refusal(pools, 64, false, "cannot shrink");
	assert_true(told(add(pools, "a", 90, false), "size=") == PAGE(90));
	lend_no_more(pools);
}

TEST(a_removed_pool_is_not_found)
{
	struct pools *pools = lend_kept(64);
	char words[POOL_WORDS_MAX];

	assert_int_equal(pool_remove(add(pools, "a", 64, false), words), 0);
	assert_null(find("a"));
	assert_false(add(pools, "a", 64, false)->kept);
	lend_no_more(pools);
}

TEST(not_what_is_wanted)
{
	left(false);
	struct pools *pools = lend_kept(200);

	expect_refusal(pools, 63, false, "cannot shrink");
	expect_refusal(pools, 64, true, "cannot change to or from thin");
	const struct pool_spec spec = { .name = "a", .size = PAGE(64), .owner = "somebody" };
	char words[POOL_WORDS_MAX] = "";
	assert_int_equal(pool_add(pools, &spec, words), -1);
	assert_non_null(strstr(words, "cannot change its owner"));
	lend_no_more(pools);
	fake_drop(&fake, "a");
	left(true);
	pools = lend_kept(1);
	expect_refusal(pools, 64, true, "do not fit into what is lent");
	lend_no_more(pools);
}

TEST(not_a_pool_at_all)
{
	struct pools *pools = lend_kept(200);
	static const char junk[5000] = "junk";

	left(false);
	assert_int_equal(ftruncate(find("a")->fd, (off_t)FLAT_KEPT_BASE), 0);
	expect_refusal(pools, 64, false, "not what its label says");
	assert_int_equal(ftruncate(find("a")->fd, 100), 0);
	expect_refusal(pools, 64, false, "no pool of farpaged's");
	assert_int_equal(pwrite(find("a")->fd, junk, sizeof junk, 0), sizeof junk);
	expect_refusal(pools, 64, false, "no pool of farpaged's");
	close(find("a")->fd);
	find("a")->fd = -1;
	expect_refusal(pools, 64, false, "it bites");
	lend_no_more(pools);
}

TEST(the_pool_of_another_name)
{
	struct pools *pools = lend_kept(200);

	left(false);
	strcpy(find("a")->name, "b");
	char words[POOL_WORDS_MAX] = "";
	const struct pool_spec spec = { .name = "b", .size = PAGE(64) };
	assert_int_equal(pool_add(pools, &spec, words), -1);
	assert_non_null(strstr(words, "it is the pool a"));
	lend_no_more(pools);
}

TEST(a_copy_is_refused)
{
	struct pools *pools = lend_kept(200);
	static uint8_t bytes[FLAT_BITMAP_AT + PAGE_SIZE];
	int copy = memfd_create("farpage", MFD_CLOEXEC);

	left(false);
	struct file *file = find("a");
	assert_int_equal(pread(file->fd, bytes, sizeof bytes, 0), sizeof bytes);
	assert_int_equal(pwrite(copy, bytes, sizeof bytes, 0), sizeof bytes);
	assert_int_equal(ftruncate(copy, (off_t)(FLAT_KEPT_BASE + PAGE(64))), 0);
	close(file->fd);
	file->fd = copy;
	expect_refusal(pools, 64, false, "it is a copy");
	lend_no_more(pools);
}

/* Which pages were dropped nobody would know. */
TEST(a_revocable_pool_is_not_kept)
{
	const struct pool_spec spec = { .name = "a", .size = PAGE(64), .thin = true,
	                                .revocable = true };
	struct pools *pools = lend_kept(200);
	char words[POOL_WORDS_MAX] = "";

	assert_int_equal(pool_add(pools, &spec, words), 0);
	assert_null(find("a"));
	lend_no_more(pools);
	left(true);
	pools = lend_kept(200);
	assert_int_equal(pool_add(pools, &spec, words), -1);
	assert_non_null(strstr(words, "it is revocable now"));
	lend_no_more(pools);
}

TEST(one_that_cannot_be_kept_is_not_made)
{
	struct pools *pools = lend_kept(64);
	char words[POOL_WORDS_MAX] = "";

	no_commit = true;
	const struct pool_spec spec = { .name = "a", .size = PAGE(64) };
	assert_int_equal(pool_add(pools, &spec, words), -1);
	assert_non_null(strstr(words, strerror(ENOSPC)));
	assert_true(pools->granted_pages == 0);
	lend_no_more(pools);
}

static bool is_a(void *data, const char *name)
{
	(void)data;
	return strcmp(name, "a") == 0;
}

static bool none(void *data, const char *name)
{
	(void)data, (void)name;
	return false;
}

TEST(a_pool_that_is_not_wanted)
{
	struct pools *pools = lend_kept(64);
	char words[POOL_WORDS_MAX] = "";

	left(false);
	assert_int_equal(keep_check(pools, none, NULL, words), -1);
	assert_non_null(strstr(words, "pool a: file a: it holds 8 KiB of pages"));
	assert_non_null(find("a"));
	assert_int_equal(keep_check(pools, is_a, NULL, words), 0);
	struct body *b = body("b");
	member_join(&b->m, add(pools, "a", 64, false));
	expect(b, 5, 50);
	flush(b, 0, PAGE(64));
	gone(b);
	lend_no_more(pools);

	pools = lend_kept(64);
	assert_int_equal(keep_check(pools, none, NULL, words), 0);
	assert_null(find("a"));
	lend_no_more(pools);
}

#define KEEP_UNIT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		KEEP_UNIT(everything_promised_stands),
		KEEP_UNIT(another_instance_is_told_apart),
		KEEP_UNIT(the_owner_learns_of_a_plain_writer),
		KEEP_UNIT(what_it_holds_is_counted),
		KEEP_UNIT(it_may_have_grown_meanwhile),
		KEEP_UNIT(one_that_grew_is_found_so),
		KEEP_UNIT(a_removed_pool_is_not_found),
		KEEP_UNIT(not_what_is_wanted),
		KEEP_UNIT(not_a_pool_at_all),
		KEEP_UNIT(the_pool_of_another_name),
		KEEP_UNIT(a_copy_is_refused),
		KEEP_UNIT(a_revocable_pool_is_not_kept),
		KEEP_UNIT(one_that_cannot_be_kept_is_not_made),
		KEEP_UNIT(a_pool_that_is_not_wanted),
	};

	return cmocka_run_group_tests_name("keep", tests, NULL, NULL);
}
