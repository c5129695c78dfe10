/* SPDX-License-Identifier: BSD-2-Clause */
/* What sealing does when nobody is hostile. */
#include "seal_fixture.h"

#include <errno.h>

static uint8_t data[PAGE_BYTES], out[PAGE_BYTES], back[PAGE_BYTES];

TEST(kinds_have_names)
{
	assert_int_equal(seal_kind_parse("off"), SEAL_OFF);
	assert_int_equal(seal_kind_parse("on"), built_in(SEAL_ENCRYPT) ? SEAL_ENCRYPT : -1);
	assert_int_equal(seal_kind_parse("check"), built_in(SEAL_CHECK) ? SEAL_CHECK : -1);
	assert_int_equal(seal_kind_parse(""), -1);
	assert_int_equal(seal_kind_parse("of"), -1);
	assert_int_equal(seal_kind_parse("ON"), -1);
	assert_int_equal(seal_kind_parse("on "), -1);
}

TEST(what_is_not_built_in_does_not_open)
{
	for (enum seal_kind kind = SEAL_ENCRYPT; kind <= SEAL_OFF; kind++) {
		if (built_in(kind))
			continue;
		errno = 0;
		assert_null(seal_open(kind));
		assert_int_equal(errno, ENOTSUP);
	}
	seal_close(NULL);
	sealer_close(NULL);
}

static const uint64_t pages[] = { 0, 1, 255, 256, UINT32_MAX, (UINT64_C(1) << 48) - 1 };

TEST(a_page_comes_back)
{
	for (enum seal_kind kind = SEAL_ENCRYPT; kind <= SEAL_OFF; kind++) {
		if (!built_in(kind))
			continue;
		struct sealing s = sealing(kind);
		struct sealer *other = sealer_open(s.seal);

		for (unsigned i = 0; i < 100; i++) {
			uint64_t page = pages[i % COUNT(pages)];

			fill(data, sizeof data, i);
			struct record r = sealed(&s, page, data, out);
			/* By whomever, as often as it is asked for. */
			for (unsigned n = 0; n < 4; n++) {
				memset(back, 0, sizeof back);
				assert_int_equal(sealer_open_page(n % 2 ? other : s.sealer, page, &r,
				                                  out, back), 0);
				assert_memory_equal(back, data, sizeof back);
			}
		}
		sealer_close(other);
		sealing_end(&s);
	}
}

TEST(only_the_tag_of_a_record_is_set)
{
	struct sealing s = sealing(SEAL_OFF);
	struct record r = { .version = 7, .state = PAGE_LOST, .taken = 1, .copies = 5 };

	memset(r.tag, 0xff, sizeof r.tag);
	assert_int_equal(sealer_seal(s.sealer, 3, &r, data, out), 0);
	assert_true(r.version == 7 && r.state == PAGE_LOST && r.taken == 1 && r.copies == 5);
	for (unsigned i = 0; i < TAG_BYTES; i++)
		assert_int_equal(r.tag[i], 0);
	sealing_end(&s);
}

TEST(without_a_version_or_a_number_that_fits_nothing_is_sealed)
{
	for (enum seal_kind kind = SEAL_ENCRYPT; kind <= SEAL_OFF; kind++) {
		if (!built_in(kind))
			continue;
		struct sealing s = sealing(kind);
		struct record none = { .version = 0 }, one = { .version = 1 };

		assert_int_equal(sealer_seal(s.sealer, 1, &none, data, out), -1);
		assert_int_equal(sealer_open_page(s.sealer, 1, &none, data, out), -1);
		assert_int_equal(sealer_seal(s.sealer, UINT64_C(1) << 48, &one, data, out), -1);
		assert_int_equal(sealer_open_page(s.sealer, UINT64_MAX, &one, data, out), -1);
		sealing_end(&s);
	}
}

TEST(versions_go_from_1_to_the_last)
{
	struct seal *s = seal_open(SEAL_OFF);

	assert_int_equal(seal_version(s), 1);
	assert_int_equal(seal_version(s), 2);
	s->version = (UINT64_C(1) << 48) - 2;
	assert_int_equal(seal_version(s), (UINT64_C(1) << 48) - 2);
	assert_int_equal(seal_version(s), (UINT64_C(1) << 48) - 1);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(seal_version(s), 0);
	seal_close(s);
}

TEST(nothing_is_sealed_alike_twice)
{
	uint8_t first[PAGE_BYTES];

	for (enum seal_kind kind = SEAL_ENCRYPT; kind < SEAL_OFF; kind++) {
		if (!built_in(kind))
			continue;
		struct sealing s = sealing(kind);
		struct record a = sealed(&s, 5, data, first);
		struct record b = sealed(&s, 5, data, out);
		struct record c = { .version = b.version };

		assert_memory_not_equal(a.tag, b.tag, TAG_BYTES);
		if (kind == SEAL_ENCRYPT) {
			assert_memory_not_equal(first, data, PAGE_BYTES);
			assert_memory_not_equal(first, out, PAGE_BYTES);
		}
		/* Another page of the same version. */
		assert_int_equal(sealer_seal(s.sealer, 6, &c, data, first), 0);
		assert_memory_not_equal(c.tag, b.tag, TAG_BYTES);
		sealing_end(&s);
	}
}

TEST(keys_are_made_anew_each_time)
{
	static const uint8_t zeros[KEY_BYTES_MAX];

	for (enum seal_kind kind = SEAL_ENCRYPT; kind < SEAL_OFF; kind++) {
		if (!built_in(kind))
			continue;
		struct seal *a = seal_open(kind), *b = seal_open(kind);
		size_t n = a->ops->key_bytes;

		assert_true(n >= 32);
		/* All of it: no eight bytes are left as they were. */
		for (size_t i = 0; i < n; i += 8)
			assert_memory_not_equal(a->key + i, zeros, 8);
		assert_memory_not_equal(a->key, b->key, n);
		seal_close(a);
		seal_close(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_have_names),
		cmocka_unit_test(what_is_not_built_in_does_not_open),
		cmocka_unit_test(a_page_comes_back),
		cmocka_unit_test(only_the_tag_of_a_record_is_set),
		cmocka_unit_test(without_a_version_or_a_number_that_fits_nothing_is_sealed),
		cmocka_unit_test(versions_go_from_1_to_the_last),
		cmocka_unit_test(nothing_is_sealed_alike_twice),
		cmocka_unit_test(keys_are_made_anew_each_time),
	};

	return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
