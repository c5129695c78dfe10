/* SPDX-License-Identifier: BSD-2-Clause */
/* What was left and is not the pool that is wanted: refused, in words, and it stays. */
#include "fakestate.h"

#include "keep.h"
#include "flat.h"

static void expect_refusal(struct pools *pools, uint64_t pages, bool thin, const char *want)
{
	const struct pool_spec spec = { .name = "a", .size = PAGE(pages), .thin = thin };
	uint64_t granted = pools->granted_pages;
	char words[WORDS_MAX] = "";

	assert_int_equal(pool_add(pools, &spec, words), -1);
	if (!strstr(words, want) || !strstr(words, "file a") || !strstr(words, "go round it"))
		fail_msg("\"%s\" and not \"%s\"", words, want);
	assert_true(pools->granted_pages == granted);
	assert_null(pool_find(pools, "a"));
}

TEST(not_what_is_wanted)
{
	left(false);
	struct pools *pools = lend_kept(200);

	expect_refusal(pools, 63, false, "cannot shrink");
	expect_refusal(pools, 64, true, "cannot change to or from thin");
	const struct pool_spec spec = { .name = "a", .size = PAGE(64), .owner = "somebody" };
	char words[WORDS_MAX] = "";
	assert_int_equal(pool_add(pools, &spec, words), -1);
	assert_non_null(strstr(words, "cannot change its owner"));
	lend_no_more(pools);
	fake_drop(&fake, "a");
	left(true);
	pools = lend_kept(1);
	expect_refusal(pools, 64, true, "do not fit into what is lent");
	lend_no_more(pools);
}

TEST(one_that_grew_is_found_so)
{
	struct pools *pools = lend_kept(100);
	char words[WORDS_MAX];

	assert_int_equal(pool_grow(add(pools, "a", 64, false), PAGE(90), words), 0);
	lend_no_more(pools);
	pools = lend_kept(100);
	expect_refusal(pools, 64, false, "cannot shrink");
	assert_true(told(add(pools, "a", 90, false), "size=") == PAGE(90));
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
	expect_refusal(pools, 64, false, "not a pool of farpaged");
	assert_int_equal(pwrite(find("a")->fd, junk, sizeof junk, 0), sizeof junk);
	expect_refusal(pools, 64, false, "not a pool of farpaged");
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
	char words[WORDS_MAX] = "";
	const struct pool_spec spec = { .name = "b", .size = PAGE(64) };
	assert_int_equal(pool_add(pools, &spec, words), -1);
	assert_non_null(strstr(words, "it is the pool a"));
	lend_no_more(pools);
}

TEST(a_copy_is_refused)
{
	struct pools *pools = lend_kept(200);
	static uint8_t bytes[FLAT_BITMAP_AT + PAGE_BYTES];
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
	char words[WORDS_MAX] = "";

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
	char words[WORDS_MAX] = "";

	no_commit = true;
	const struct pool_spec spec = { .name = "a", .size = PAGE(64) };
	assert_int_equal(pool_add(pools, &spec, words), -1);
	assert_non_null(strstr(words, strerror(ENOSPC)));
	assert_true(pools->granted_pages == 0);
	lend_no_more(pools);
}

static enum keep_wish is_a(void *data, const char *name)
{
	(void)data;
	return strcmp(name, "a") == 0 ? KEEP_WANTED : KEEP_IF_USED;
}

static enum keep_wish none(void *data, const char *name)
{
	(void)data, (void)name;
	return KEEP_IF_USED;
}

static enum keep_wish drop(void *data, const char *name)
{
	(void)data, (void)name;
	return KEEP_DROP;
}

TEST(a_pool_that_is_not_wanted)
{
	struct pools *pools = lend_kept(64);
	char words[WORDS_MAX] = "";

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

TEST(one_that_may_go_with_its_pages)
{
	struct pools *pools = lend_kept(64);
	char words[WORDS_MAX] = "";

	left(false);
	assert_int_equal(keep_check(pools, drop, NULL, words), 0);
	assert_null(find("a"));
	lend_no_more(pools);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KEEP_UNIT(not_what_is_wanted),
		KEEP_UNIT(one_that_grew_is_found_so),
		KEEP_UNIT(not_a_pool_at_all),
		KEEP_UNIT(the_pool_of_another_name),
		KEEP_UNIT(a_copy_is_refused),
		KEEP_UNIT(a_revocable_pool_is_not_kept),
		KEEP_UNIT(one_that_cannot_be_kept_is_not_made),
		KEEP_UNIT(a_pool_that_is_not_wanted),
		KEEP_UNIT(one_that_may_go_with_its_pages),
	};

	return cmocka_run_group_tests_name("keep-refused", tests, NULL, NULL);
}
