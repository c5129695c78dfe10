/* SPDX-License-Identifier: BSD-2-Clause */
/* A request's header, and whether it may be carried out. */
#include "wire.h"

#include <stdio.h>

#include "request.h"

#define SIZE (UINT64_C(1) << 30)
#define MAX  (UINT32_C(32) << 20)

enum { READ, WRITE, DISC, FLUSH, TRIM, CACHE, ZEROES, STATUS };
enum { FUA = 1, NO_HOLE = 2, DF = 4, REQ_ONE = 8, FAST = 16 };

TEST(every_field_is_where_it_belongs)
{
	struct request r;
	struct wire w = {0};

	say_request(&w, 0x0102, 0x0304, UINT64_C(0x05060708090a0b0c),
	            UINT64_C(0x0d0e0f1011121314), 0x15161718);
	assert_int_equal(w.len, NBD_REQUEST_BYTES);
	assert_int_equal(request_parse(&r, w.byte), 0);
	assert_int_equal(r.flags, 0x0102);
	assert_int_equal(r.type, 0x0304);
	assert_true(r.cookie == UINT64_C(0x05060708090a0b0c));
	assert_true(r.offset == UINT64_C(0x0d0e0f1011121314));
	assert_int_equal(r.length, 0x15161718);
	wire_free(&w);
}

TEST(any_other_magic_number)
{
	struct request r;
	struct wire w = {0};

	say_request(&w, 0, 0, 0, 0, 0);
	for (size_t bit = 0; bit < 32; bit++) {
		w.byte[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(request_parse(&r, w.byte), -1);
		w.byte[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(request_parse(&r, w.byte), 0);
	wire_free(&w);
}

static struct terms terms = { .size = SIZE };

static void check(uint16_t flags, uint16_t type, uint64_t offset, uint32_t length,
                  bool read_only, uint32_t error)
{
	const struct request r = { .flags = flags, .type = type, .offset = offset,
	                           .length = length };
	uint32_t got = request_check(&r, &terms, read_only);

	if (got != error)
		fail_msg("flags %d type %d offset %llu length %u%s: %u, not %u", flags, type,
		         (unsigned long long)offset, length, read_only ? " read-only" : "",
		         got, error);
}

static const uint16_t ranged[] = { READ, WRITE, TRIM, CACHE, ZEROES };

static bool writes(uint16_t type)
{
	return type == WRITE || type == TRIM || type == ZEROES;
}

TEST(within_the_size)
{
	for (size_t i = 0; i < COUNT(ranged); i++) {
		check(0, ranged[i], 0, 1, false, 0);
		check(0, ranged[i], 0, 4096, false, 0);
		check(0, ranged[i], 4095, 2, false, 0);
		check(0, ranged[i], SIZE - 1, 1, false, 0);
		check(0, ranged[i], SIZE - MAX, MAX, false, 0);
	}
}

/* ENOSPC for what puts bytes there, EINVAL for the others. */
static void check_beyond(uint64_t offset, uint32_t length)
{
	for (size_t i = 0; i < COUNT(ranged); i++)
		check(0, ranged[i], offset, length, false, ranged[i] == WRITE || ranged[i] == ZEROES ? 28 : 22);
}

TEST(past_the_end)
{
	const struct { uint64_t offset; uint32_t length; } cases[] = {
		{ SIZE, 1 }, { SIZE - 1, 2 }, { SIZE - MAX + 1, MAX }, { SIZE + 1, 1 },
		{ SIZE * 2, MAX }, { INT64_MAX, 1 },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		check_beyond(cases[i].offset, cases[i].length);
}

/* As signed numbers they are below the end, and some of the sums are small. */
TEST(offsets_of_2_to_the_63_and_more)
{
	const struct { uint64_t offset; uint32_t length; } cases[] = {
		{ UINT64_C(1) << 63, 1 }, { (UINT64_C(1) << 63) + 1, 4096 },
		{ UINT64_MAX, 1 }, { UINT64_MAX, 2 }, { UINT64_MAX - 4095, 4096 },
		{ UINT64_MAX - 4095, 4097 }, { UINT64_MAX - MAX + 1, MAX },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		check_beyond(cases[i].offset, cases[i].length);
}

TEST(nothing_at_all)
{
	for (size_t i = 0; i < COUNT(ranged); i++) {
		check(0, ranged[i], 0, 0, false, 22);
		check(0, ranged[i], 4096, 0, false, 22);
		check(0, ranged[i], UINT64_MAX, 0, false, 22);
	}
}

TEST(lengths_beyond_the_largest)
{
	const uint32_t lengths[] = { MAX + 1, 0x80000000, 0xfffff000, 0xffffffff };

	for (size_t i = 0; i < COUNT(lengths); i++) {
		check(0, READ, 0, lengths[i], false, 22);
		check(0, WRITE, 0, lengths[i], false, 22);
	}
	/* What carries no data may be as large as the pool. */
	check(0, TRIM, 0, (uint32_t)SIZE, false, 0);
	check(0, ZEROES, 0, (uint32_t)SIZE, false, 0);
	check(0, CACHE, 0, (uint32_t)SIZE, false, 0);
	check(0, TRIM, 0, (uint32_t)SIZE + 1, false, 22);
	check(0, TRIM, 0, 0xffffffff, false, 22);
	check(0, ZEROES, 1, (uint32_t)SIZE, false, 28);
	check(0, CACHE, 0, 0xffffffff, false, 22);
}

TEST(a_pool_larger_than_4_gib)
{
	const struct request r = { .type = TRIM, .offset = 0, .length = 0xffffffff };

	assert_int_equal(request_check(&r, &(struct terms){ .size = UINT64_C(1) << 33 }, false), 0);
}

TEST(flags)
{
	for (size_t i = 0; i < COUNT(ranged); i++)
		for (uint32_t flags = 0; flags < 0x10000; flags++) {
			uint32_t known = ranged[i] == ZEROES ? FUA | NO_HOLE | FAST : FUA;
			uint32_t error = flags & ~known ? 22 : 0;

			if (!error && (flags & (NO_HOLE | FAST)) == (NO_HOLE | FAST))
				error = 95; /* not faster than writing zeros */
			check((uint16_t)flags, ranged[i], 0, 4096, false, error);
		}
}

TEST(what_only_some_terms_allow)
{
	check(DF, READ, 0, 1, false, 22);
	check(0, STATUS, 0, 1, false, 22);
	terms.structured = true;
	check(DF, READ, 0, 1, false, 0);
	check(DF, READ, 0, MAX + 1, false, 75); /* too large for one chunk */
	check(DF | FUA, READ, 0, 1, true, 0);
	check(DF, WRITE, 0, 1, false, 22);
	check(DF, STATUS, 0, 1, false, 22);
	check(0, STATUS, 0, 1, false, 22);
	terms.contexts = 2;
	check(0, STATUS, 0, 1, true, 0);
	check(REQ_ONE | FUA, STATUS, 0, (uint32_t)SIZE, false, 0);
	check(REQ_ONE, READ, 0, 1, false, 22);
	check(0, STATUS, 0, 0, false, 22);
	check(0, STATUS, SIZE, 1, false, 22);
	check(0, STATUS, 1, (uint32_t)SIZE, false, 22);
	terms = (struct terms){ .size = SIZE };
}

TEST(flush)
{
	check(0, FLUSH, 0, 0, false, 0);
	check(FUA, FLUSH, 0, 0, false, 0);
	check(0, FLUSH, 0, 0, true, 0);
	check(0, FLUSH, 0, 1, false, 22);
	check(0, FLUSH, 1, 0, false, 22);
	check(NO_HOLE, FLUSH, 0, 0, false, 22);
}

TEST(read_only)
{
	for (size_t i = 0; i < COUNT(ranged); i++)
		check(0, ranged[i], 0, 4096, true, writes(ranged[i]) ? 1 : 0);
}

TEST(commands_that_are_not_known)
{
	for (uint32_t type = ZEROES + 1; type < 0x10000; type++) {
		check(0, (uint16_t)type, 0, 4096, false, 22);
		check(0, (uint16_t)type, 0, 0, false, 22);
	}
}

/* Against the rule in plain words, in arithmetic that cannot wrap. */
TEST(whatever_the_dice_say)
{
	uint64_t seed = 8;

	for (int i = 0; i < 200000; i++) {
		uint64_t offset = dice_below(&seed, 2) ? dice(&seed) >> dice_below(&seed, 64)
		                                       : SIZE - dice_below(&seed, 1u << 26);
		uint32_t length = (uint32_t)(dice(&seed) >> (32 + dice_below(&seed, 32)));
		uint16_t type = ranged[dice_below(&seed, COUNT(ranged))];
		bool fits = (unsigned __int128)offset + length <= SIZE;
		uint32_t error = !length ? 22 : fits ? 0 : type == WRITE || type == ZEROES ? 28 : 22;

		if ((type == READ || type == WRITE) && length > MAX)
			error = 22;
		check(0, type, offset, length, false, error);
	}
}

int main(void)
{
	const struct CMUnitTest parse[] = {
		cmocka_unit_test(every_field_is_where_it_belongs),
		cmocka_unit_test(any_other_magic_number),
	};
	const struct CMUnitTest checks[] = {
		cmocka_unit_test(within_the_size),
		cmocka_unit_test(past_the_end),
		cmocka_unit_test(offsets_of_2_to_the_63_and_more),
		cmocka_unit_test(nothing_at_all),
		cmocka_unit_test(lengths_beyond_the_largest),
		cmocka_unit_test(a_pool_larger_than_4_gib),
		cmocka_unit_test(flags),
		cmocka_unit_test(what_only_some_terms_allow),
		cmocka_unit_test(flush),
		cmocka_unit_test(read_only),
		cmocka_unit_test(commands_that_are_not_known),
		cmocka_unit_test(whatever_the_dice_say),
	};

	return cmocka_run_group_tests_name("request_parse", parse, NULL, NULL) |
	       cmocka_run_group_tests_name("request_check", checks, NULL, NULL);
}
