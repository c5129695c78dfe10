/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include "seal.h"

static const uint64_t patterns[] = { 0, 1, UINT64_MAX, UINT64_C(0x0123456789abcdef) };

TEST(a_filled_page_is_the_same)
{
	uint8_t data[PAGE_BYTES + 1];
	uint64_t is;

	/* Wherever it lies. */
	for (unsigned at = 0; at < 2; at++)
		for (unsigned i = 0; i < COUNT(patterns); i++) {
			page_fill(data + at, patterns[i]);
			is = ~patterns[i];
			assert_true(page_is_same(data + at, &is));
			assert_int_equal(is, patterns[i]);
			memcpy(&is, data + at + PAGE_BYTES - sizeof is, sizeof is);
			assert_int_equal(is, patterns[i]);
		}
}

TEST(one_bit_makes_it_another)
{
	uint8_t data[PAGE_BYTES];
	uint64_t is;

	for (unsigned i = 0; i < COUNT(patterns); i++) {
		page_fill(data, patterns[i]);
		for (unsigned bit = 0; bit < PAGE_BYTES * 8; bit += 7) {
			data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(page_is_same(data, &is));
			data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		data[PAGE_BYTES - 1] ^= 0x80;
		assert_false(page_is_same(data, &is));
	}
}

TEST(a_longer_pattern_is_none)
{
	uint8_t data[PAGE_BYTES];
	uint64_t is;

	for (unsigned i = 0; i < PAGE_BYTES; i++)
		data[i] = (uint8_t)(i % 16);
	assert_false(page_is_same(data, &is));
	for (unsigned i = 0; i < PAGE_BYTES; i++)
		data[i] = (uint8_t)(i % 4);
	assert_true(page_is_same(data, &is));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_filled_page_is_the_same),
		cmocka_unit_test(one_bit_makes_it_another),
		cmocka_unit_test(a_longer_pattern_is_none),
	};

	return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
