/* SPDX-License-Identifier: BSD-2-Clause */
/* The flat store's mapping: what it costs beside the pages, and that these stay locked. */
#include "store_fixture.h"

#include <stdlib.h>

#define MANY 32768u /* pages: 64 page tables, 256 KiB */
#define SLACK 64 /* KiB of other page tables, such as a sanitizer has */

/* KiB of WHAT in a line of FILE in /proc/self, of all maps whose first line has NAME. */
static unsigned long kib(const char *file, const char *name, const char *what)
{
	char path[64], line[512];
	unsigned long sum = 0;
	bool ours = !name;

	snprintf(path, sizeof path, "/proc/self/%s", file);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f)) {
		if (name && strtoul(line, NULL, 16) && strchr(line, '-'))
			ours = strstr(line, name) != NULL;
		if (ours && strncmp(line, what, strlen(what)) == 0)
			sum += strtoul(line + strlen(what), NULL, 10);
	}
	fclose(f);
	return sum;
}

static unsigned long locked_kib(void)
{
	return kib("smaps", "memfd:farpage", "Locked:");
}

static unsigned mappings(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512];
	unsigned n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof line, f))
		n += strstr(line, "memfd:farpage") != NULL;
	fclose(f);
	return n;
}

static struct store *open_locked(uint64_t pages)
{
	bool locked;
	struct store *s = store_flat.open(-1, pages, &locked);

	assert_non_null(s);
	if (!locked) {
		s->ops->close(s);
		skip();
	}
	return s;
}

static void flush(struct store *s, uint64_t from, uint64_t end, uint64_t max)
{
	while (from < end)
		s->ops->discard(s, &from, end, max);
}

TEST(growing_leaves_pages_locked)
{
	struct store *s = open_locked(PAGES), *wall;

	for (uint64_t page = 0; page < PAGES; page++)
		put(s, page, page + 1);
	assert_int_equal(locked_kib(), PAGES * 4);
	for (uint64_t pages = PAGES + 1; pages < 300000; pages *= 3) {
		wall = open_store(1); /* some of these are in its way */
		assert_int_equal(s->ops->resize(s, pages), 0);
		assert_int_equal(locked_kib(), PAGES * 4);
		s->ops->close(wall);
	}
	for (uint64_t page = 0; page < PAGES; page++)
		expect(s, page, page + 1);
	assert_int_equal(put(s, 2000, 7), 1);
	assert_int_equal(locked_kib(), (PAGES + 1) * 4);
	s->ops->close(s);
}

TEST(flushed_pages_leave_no_page_tables)
{
	struct store *s = open_store(MANY);
	unsigned long before = kib("status", NULL, "VmPTE:");

	for (uint64_t max = 100; max < MANY; max *= 17) {
		for (uint64_t page = 0; page < MANY; page++)
			put(s, page, page + 1);
		assert_true(kib("status", NULL, "VmPTE:") >= before + MANY / 512 * 4 - 8);
		flush(s, 0, MANY, max);
		assert_in_range(kib("status", NULL, "VmPTE:"), 0, before + SLACK);
		assert_int_equal(mappings(), 1);
	}
	/* Whatever their order, and but for those that still have a page. */
	for (uint64_t page = 0; page < MANY; page++)
		put(s, page, page + 1);
	for (uint64_t page = 0; page < MANY; page++)
		if (page * 5 % MANY > 7)
			flush(s, page * 5 % MANY, page * 5 % MANY + 1, 1);
	assert_in_range(kib("status", NULL, "VmPTE:"), 0, before + SLACK);
	for (uint64_t page = 0; page < 8; page++)
		expect(s, page, page + 1);
	assert_int_equal(mappings(), 1);
	s->ops->close(s);
}

TEST(what_is_put_after_a_flush_is_locked_again)
{
	struct store *s = open_locked(MANY);

	for (unsigned round = 0; round < 3; round++) {
		for (uint64_t page = 500; page < 2000; page++)
			put(s, page, page + 1);
		put(s, MANY - 1, 9);
		assert_int_equal(locked_kib(), 1501 * 4);
		flush(s, 0, MANY - 1, 256);
		expect(s, MANY - 1, 9);
		assert_int_equal(locked_kib(), 4);
		assert_int_equal(mappings(), 1);
	}
	assert_int_equal(s->ops->resize(s, 2 * MANY), 0);
	s->ops->close(s);
}

TEST(chance_leaves_one_mapping_and_right_bytes)
{
	static uint64_t tag[4096];
	struct store *s = open_store(COUNT(tag));
	uint64_t seed = 6;

	for (uint64_t i = 1; i <= 20000; i++) {
		uint64_t page = dice_below(&seed, COUNT(tag)), end = page + 1 + dice_below(&seed, 700);

		if (dice_below(&seed, 4)) {
			put(s, page, i);
			tag[page] = i;
			continue;
		}
		end = end < COUNT(tag) ? end : COUNT(tag);
		flush(s, page, end, 1 + dice_below(&seed, 300));
		memset(tag + page, 0, (end - page) * sizeof *tag);
	}
	for (uint64_t page = 0; page < COUNT(tag); page++)
		expect(s, page, tag[page]);
	assert_int_equal(mappings(), 1);
	s->ops->close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(growing_leaves_pages_locked),
		cmocka_unit_test(flushed_pages_leave_no_page_tables),
		cmocka_unit_test(what_is_put_after_a_flush_is_locked_again),
		cmocka_unit_test(chance_leaves_one_mapping_and_right_bytes),
	};

	return cmocka_run_group_tests_name("store_flat's mapping", tests, NULL, NULL);
}
