/* SPDX-License-Identifier: BSD-2-Clause */
/* A flat store in a file: who adopts it after its process ended, however that
 * was, finds each page whole or not at all. */
#include "keep_fixture.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

TEST(pages_are_there_afterwards)
{
	int fd;
	struct store *s = keep(&fd, PAGES);

	for (uint64_t page = 0; page < PAGES; page += 3)
		put(s, page, page + 1);
	memcpy(s->head, "mine", 5);
	s->ops->close(s);
	s = adopt(fd, PAGES, (PAGES + 2) / 3);
	assert_string_equal(s->head, "mine");
	for (uint64_t page = 0; page < PAGES; page++)
		expect(s, page, page % 3 ? 0 : page + 1);
	s->ops->close(s);
}

TEST(a_store_that_was_adopted_is_one_like_any)
{
	int fd;
	struct store *s = keep(&fd, PAGES);
	uint64_t page = 0;

	put(s, 5, 1);
	put(s, 6, 2);
	s->ops->close(s);
	s = adopt(fd, PAGES, 2);
	assert_int_equal(put(s, 5, 3), 0);
	assert_int_equal(put(s, 7, 4), 1);
	expect(s, 5, 3);
	expect(s, 7, 4);
	assert_int_equal(s->ops->resize(s, 5 * PAGES), 0);
	assert_int_equal(put(s, 5 * PAGES - 1, 5), 1);
	expect(s, 5 * PAGES - 1, 5);
	expect(s, 6, 2);
	assert_int_equal(held_pages(), 4);
	assert_true(s->ops->discard(s, &page, 5 * PAGES, PAGES) == 4);
	assert_int_equal(held_pages(), 0);
	s->ops->close(s);
}

TEST(it_grows_and_shrinks_in_its_file)
{
	int fd, again;
	struct store *s = keep(&fd, PAGES);

	for (uint64_t page = 0; page < PAGES; page++)
		put(s, page, page + 1);
	assert_int_equal(s->ops->resize(s, 70), 0);
	assert_int_equal(s->ops->resize(s, 100000), 0);
	put(s, 99999, 7);
	again = dup(fd);
	s->ops->close(s);
	s = adopt(fd, 100000, 71);
	for (uint64_t page = 0; page < PAGES; page++)
		expect(s, page, page < 70 ? page + 1 : 0);
	expect(s, 99999, 7);
	s->ops->close(s);
	expect_no_adoption(again, PAGES);
}

/* Killed between the copying and the bit, or between the bit and the hole. */
TEST(bytes_without_a_bit_are_no_page)
{
	uint8_t junk[3 * PAGE_BYTES], one = 0x5a, want[PAGE_BYTES] = {0};
	int fd;
	struct store *s = keep(&fd, PAGES);

	memset(junk, 0xee, sizeof junk);
	put(s, 10, 1);
	put(s, 14, 2);
	poke(fd, page_at(11), junk, sizeof junk);
	poke(fd, page_at(0), junk, PAGE_BYTES);
	poke(fd, page_at(PAGES - 1), junk, 100);
	assert_int_equal(held_pages() / 2, 7);
	s->ops->close(s);
	s = adopt(fd, PAGES, 2);
	assert_int_equal(held_pages(), 2);
	expect(s, 10, 1);
	expect(s, 14, 2);
	expect(s, 12, 0);
	assert_int_equal(s->ops->put(s, 12, 5, 1, &one), 1);
	want[5] = one;
	assert_memory_equal(get(s, 12), want, sizeof want);
	s->ops->close(s);
}

TEST(a_page_that_was_being_put_is_flushed)
{
	uint8_t half[PAGE_BYTES / 2];
	int fd;
	struct store *s = keep(&fd, PAGES);

	memset(half, 0xee, sizeof half);
	for (uint64_t page = 0; page < 6; page++)
		put(s, page, page + 1);
	poke(fd, page_at(2), half, sizeof half);
	poke_lane(fd, 3, 2 + 1);
	poke(fd, page_at(5), half, sizeof half);
	poke_lane(fd, FLAT_LANES - 1, 5 + 1);
	poke_lane(fd, 7, 100 + 1);
	s->ops->close(s);
	int again = dup(fd);
	s = adopt(fd, PAGES, 4);
	for (uint64_t page = 0; page < 6; page++)
		expect(s, page, page == 2 || page == 5 ? 0 : page + 1);
	put(s, 2, 9);
	s->ops->close(s);
	s = adopt(again, PAGES, 5); /* and only once */
	expect(s, 2, 9);
	s->ops->close(s);
}

TEST(growing_that_was_cut_off_did_not_happen)
{
	int fd;
	struct store *s = keep(&fd, PAGES);

	put(s, PAGES - 1, 1);
	s->ops->close(s);
	assert_int_equal(ftruncate(fd, (off_t)page_at(2 * PAGES)), 0);
	s = adopt(fd, PAGES, 1);
	expect(s, PAGES - 1, 1);
	assert_int_equal(s->ops->resize(s, 2 * PAGES), 0);
	expect(s, PAGES, 0);
	s->ops->close(s);
}

/* Each makes of a good file one that must be refused as it is. */
static void too_short(int fd) { assert_int_equal(ftruncate(fd, (off_t)page_at(PAGES) - 1), 0); }
static void empty(int fd) { assert_int_equal(ftruncate(fd, 0), 0); }
static void more_behind(int fd) { poke(fd, page_at(PAGES), "x", 1); }
static void lane_beyond(int fd) { poke_lane(fd, 0, PAGES + 1); }
static void lane_wild(int fd) { poke_lane(fd, 9, UINT64_MAX); }
static void bit_beyond(int fd) { poke_word(fd, FLAT_BITMAP_AT + PAGES / 64 * 8, UINT64_C(1) << PAGES % 64); }
static void page_missing(int fd)
{
	assert_int_equal(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
	                           (off_t)page_at(7), PAGE_BYTES), 0);
}
static void last_bit_without_page(int fd) { poke_word(fd, FLAT_BITMAP_AT + PAGES / 64 * 8, UINT64_C(1) << (PAGES - 1) % 64); }

TEST(what_does_not_fit_together_is_refused_as_it_is)
{
	void (*const damage[])(int) = { too_short, empty, more_behind, lane_beyond, lane_wild,
	                                bit_beyond, page_missing, last_bit_without_page };

	for (size_t i = 0; i < COUNT(damage); i++) {
		int fd;
		struct store *s = keep(&fd, PAGES);

		for (uint64_t page = 0; page < 20; page++)
			put(s, page, page + 1);
		s->ops->close(s);
		damage[i](fd);
		expect_no_adoption(fd, PAGES);
	}
}

TEST(what_is_no_store_is_refused)
{
	int pipes[2], fd;
	struct store *s = keep(&fd, PAGES);

	put(s, PAGES - 1, 1);
	s->ops->close(s);
	expect_no_adoption(dup(fd), PAGES + 1);
	expect_no_adoption(dup(fd), PAGES - 1);
	expect_no_adoption(dup(fd), 0);
	expect_no_adoption(fd, UINT64_MAX);
	assert_int_equal(pipe(pipes), 0);
	close(pipes[1]);
	expect_no_adoption(pipes[0], PAGES);
}

/* What the process that is killed did: of each page the last put or flush that
 * returned, as a tag; and what is under way, on the page BUSY - 1. */
struct deed {
	_Atomic uint64_t done[PAGES], doing, busy;
};

#define NOTHING UINT64_MAX /* not yet begun */

static void do_until_killed(struct store *s, struct deed *deed, uint64_t seed)
{
	static uint8_t data[8][PAGE_BYTES];

	for (uint64_t tag = 0; tag < 8; tag++)
		memset(data[tag], (int)tag + 1, PAGE_BYTES);
	for (;;) {
		uint64_t page = dice_below(&seed, PAGES), tag = dice_below(&seed, 9), end = page;

		atomic_store(&deed->doing, tag);
		atomic_store(&deed->busy, page + 1);
		if (tag)
			s->ops->put(s, page, 0, PAGE_BYTES, data[tag - 1]);
		else
			s->ops->discard(s, &end, page + 1, 1);
		atomic_store(&deed->done[page], tag);
		atomic_store(&deed->busy, 0);
	}
}

/* Returns its tag; a mix is no tag. */
static uint64_t tag_of(struct store *s, uint64_t page)
{
	const uint8_t *data = get(s, page);

	for (size_t i = 1; data && i < PAGE_BYTES; i++)
		if (data[i] != data[0])
			fail_msg("page %lu is half of each", (unsigned long)page);
	return data ? data[0] : 0;
}

TEST(killed_at_any_moment)
{
	struct deed *deed = mmap(NULL, sizeof *deed, PROT_READ | PROT_WRITE,
	                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t seed = 1, flushed = 0;
	int fd;
	struct store *s = keep(&fd, PAGES);

	for (int round = 0; round < 300; round++) {
		pid_t child;

		deed->doing = NOTHING;
		child = fork();
		if (child == 0)
			do_until_killed(s, deed, dice(&seed));
		for (int i = 0; deed->doing == NOTHING && i < 100000; i++)
			usleep(100); /* a busy machine may begin with others */
		usleep((useconds_t)dice_below(&seed, 2000));
		dice(&seed);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, NULL, 0), child);
		s->ops->close(s);
		bool locked;
		uint64_t used, counted = 0;
		int keep_fd = dup(fd);

		s = store_flat.adopt(fd, PAGES, &locked, &used);
		assert_non_null(s);
		fd = keep_fd;
		for (uint64_t page = 0; page < PAGES; page++) {
			uint64_t tag = tag_of(s, page);

			if (tag != deed->done[page]) {
				assert_true(deed->busy == page + 1);
				assert_true(tag == 0 || tag == deed->doing);
				flushed += tag == 0;
			}
			deed->done[page] = tag;
			counted += tag != 0;
		}
		assert_true(counted == used);
		assert_true((uint64_t)held_pages() == 2 * used); /* seen by two descriptors */
	}
	assert_in_range(flushed, 1, 300);
	s->ops->close(s);
	close(fd);
	munmap(deed, sizeof *deed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_there_afterwards),
		cmocka_unit_test(a_store_that_was_adopted_is_one_like_any),
		cmocka_unit_test(it_grows_and_shrinks_in_its_file),
		cmocka_unit_test(bytes_without_a_bit_are_no_page),
		cmocka_unit_test(a_page_that_was_being_put_is_flushed),
		cmocka_unit_test(growing_that_was_cut_off_did_not_happen),
		cmocka_unit_test(what_does_not_fit_together_is_refused_as_it_is),
		cmocka_unit_test(what_is_no_store_is_refused),
		cmocka_unit_test(killed_at_any_moment),
	};

	return cmocka_run_group_tests_name("store_flat, adopted", tests, NULL, NULL);
}
