/* SPDX-License-Identifier: BSD-2-Clause */
/* A flat store under test. What it costs the host is read off its memfd. */
#ifndef FARPAGE_STORE_FIXTURE_H
#define FARPAGE_STORE_FIXTURE_H

#include "memfd.h"

#include <errno.h>

#include "store.h"

#define PAGES 200u /* of the store that a test gets */

static inline struct store *open_store(uint64_t pages)
{
	bool locked;
	struct store *s = store_flat.open(-1, pages, &locked);

	assert_non_null(s);
	return s;
}

static inline int put(struct store *s, uint64_t page, uint64_t tag)
{
	uint8_t data[PAGE_BYTES];

	fill(data, sizeof data, tag);
	return s->ops->put(s, page, 0, sizeof data, data);
}

static inline const uint8_t *get(struct store *s, uint64_t page)
{
	uint64_t run;
	const uint8_t *data = s->ops->get(s, page, 1, &run);

	assert_true(run == 1);
	return data;
}

/* TAG 0: it must be absent. */
static inline void expect(struct store *s, uint64_t page, uint64_t tag)
{
	const uint8_t *data = get(s, page);
	uint8_t want[PAGE_BYTES];

	assert_int_equal(s->ops->present(s, page), tag != 0);
	if (!tag) {
		assert_null(data);
		return;
	}
	assert_non_null(data);
	fill(want, sizeof want, tag);
	assert_memory_equal(data, want, sizeof want);
}

static inline int setup(void **state)
{
	*state = open_store(PAGES);
	return 0;
}

static inline int teardown(void **state)
{
	struct store *s = *state;

	s->ops->close(s);
	assert_int_equal(held_pages(), -1);
	return 0;
}

/* A test whose store is S, of PAGES pages. */
#define STORE_TEST(name) \
	static void name##_(struct store *s); \
	TEST(name) { name##_(*state); } \
	static void name##_(struct store *s)

#define STORE_UNIT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
