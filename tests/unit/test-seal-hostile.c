/* SPDX-License-Identifier: BSD-2-Clause */
/* A lender that answers with something else than what was put. */
#include "seal_fixture.h"

#define FLIPS 400
#define PAGE  77

static struct sealing s;
static uint8_t data[PAGE_BYTES], out[PAGE_BYTES], back[PAGE_BYTES];
static struct record record;

static void kinds(void (*test)(void))
{
	for (enum seal_kind kind = SEAL_ENCRYPT; kind < SEAL_OFF; kind++) {
		if (!built_in(kind))
			continue;
		s = sealing(kind);
		fill(data, sizeof data, 1);
		record = sealed(&s, PAGE, data, out);
		test();
		/* It was not the sealer that broke. */
		assert_int_equal(sealer_open_page(s.sealer, PAGE, &record, out, back), 0);
		assert_memory_equal(back, data, sizeof back);
		sealing_end(&s);
	}
}

static void refused(uint64_t page, const struct record *r, const uint8_t *bytes)
{
	assert_int_equal(sealer_open_page(s.sealer, page, r, bytes, back), -1);
}

static void flip_data(void)
{
	uint64_t seed = 1;

	for (unsigned i = 0; i < FLIPS; i++) {
		/* The first and the last bit too. */
		uint64_t bit = i == 0   ? 0
		               : i == 1 ? PAGE_BYTES * 8 - 1
		                        : dice_below(&seed, PAGE_BYTES * 8);
		uint8_t mask = (uint8_t)(1 << bit % 8);

		out[bit / 8] ^= mask;
		refused(PAGE, &record, out);
		out[bit / 8] ^= mask;
	}
}

TEST(a_bit_of_the_page)
{
	kinds(flip_data);
}

static void flip_tag(void)
{
	for (unsigned bit = 0; bit < TAG_BYTES * 8; bit++) {
		struct record r = record;

		r.tag[bit / 8] ^= (uint8_t)(1 << bit % 8);
		refused(PAGE, &r, out);
	}
}

TEST(a_bit_of_the_tag)
{
	kinds(flip_tag);
}

static void elsewhere(void)
{
	refused(PAGE + 1, &record, out);
	refused(0, &record, out);
	for (unsigned bit = 0; bit < 48; bit++)
		refused(PAGE ^ UINT64_C(1) << bit, &record, out);
}

TEST(another_page_s_number)
{
	kinds(elsewhere);
}

static void at_another_time(void)
{
	for (unsigned bit = 0; bit < VERSION_BITS; bit++) {
		struct record r = record;

		r.version = (r.version ^ UINT64_C(1) << bit) & VERSION_MAX;
		refused(PAGE, &r, out);
	}
}

TEST(another_version)
{
	kinds(at_another_time);
}

/* The two numbers of the nonce are not mixed up. */
static void the_other_way_round(void)
{
	struct record r = { .version = 3 };

	assert_int_equal(sealer_seal(s.sealer, 4, &r, data, back), 0);
	uint8_t copy[PAGE_BYTES];

	memcpy(copy, back, sizeof copy);
	r.version = 4;
	refused(3, &r, copy);
}

TEST(version_and_number_exchanged)
{
	kinds(the_other_way_round);
}

static void swap(void)
{
	uint8_t other[PAGE_BYTES], out2[PAGE_BYTES];

	fill(other, sizeof other, 2);
	struct record r2 = sealed(&s, PAGE + 1, other, out2);
	refused(PAGE, &record, out2);
	refused(PAGE + 1, &r2, out);
	assert_int_equal(sealer_open_page(s.sealer, PAGE + 1, &r2, out2, back), 0);
}

TEST(two_pages_exchanged)
{
	kinds(swap);
}

static void replay(void)
{
	uint8_t newer[PAGE_BYTES], out2[PAGE_BYTES];

	fill(newer, sizeof newer, 3);
	struct record r2 = sealed(&s, PAGE, newer, out2);
	refused(PAGE, &r2, out);
	/* Nor if it held the same: the version is not that one. */
	struct record r3 = sealed(&s, PAGE, data, out2);
	struct record mixed = { .version = r3.version };

	memcpy(mixed.tag, record.tag, TAG_BYTES);
	refused(PAGE, &mixed, out);
}

TEST(what_it_was_before)
{
	kinds(replay);
}

static void nothing(void)
{
	uint8_t bytes[PAGE_BYTES] = {0};
	struct record r = record;

	refused(PAGE, &record, bytes);
	memset(r.tag, 0, sizeof r.tag);
	refused(PAGE, &r, bytes);
	memset(bytes, 0xff, sizeof bytes);
	refused(PAGE, &record, bytes);
	/* Half of it: what is left of a write that was cut. */
	memcpy(bytes, out, PAGE_BYTES / 2);
	refused(PAGE, &record, bytes);
	memcpy(bytes, out, PAGE_BYTES);
	memset(bytes + PAGE_BYTES - 1, ~out[PAGE_BYTES - 1], 1);
	refused(PAGE, &record, bytes);
}

TEST(zeros_and_halves)
{
	kinds(nothing);
}

static void with_another_key(void)
{
	struct sealing other = sealing((enum seal_kind)seal_kind_parse(s.seal->ops->name));
	uint8_t out2[PAGE_BYTES];
	struct record r2 = sealed(&other, PAGE, data, out2);

	assert_int_equal(r2.version, record.version);
	assert_memory_not_equal(r2.tag, record.tag, TAG_BYTES);
	refused(PAGE, &r2, out2);
	assert_int_equal(sealer_open_page(other.sealer, PAGE, &record, out, back), -1);
	sealing_end(&other);
}

TEST(another_key)
{
	kinds(with_another_key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bit_of_the_page),
		cmocka_unit_test(a_bit_of_the_tag),
		cmocka_unit_test(another_page_s_number),
		cmocka_unit_test(another_version),
		cmocka_unit_test(version_and_number_exchanged),
		cmocka_unit_test(two_pages_exchanged),
		cmocka_unit_test(what_it_was_before),
		cmocka_unit_test(zeros_and_halves),
		cmocka_unit_test(another_key),
	};

	return cmocka_run_group_tests_name("seal, hostile", tests, NULL, NULL);
}
