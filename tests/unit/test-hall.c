/* SPDX-License-Identifier: BSD-2-Clause */
/* Halls: who has to leave for whom. */
#include "unit.h"

#include "hall.h"

static struct hall hall;
static struct crowd crowd[40];
static struct place place[40][40];

static void open_hall(unsigned most, unsigned of_crowd)
{
	memset(place, 0, sizeof place);
	hall_init(&hall, most, of_crowd);
	for (size_t i = 0; i < COUNT(crowd); i++)
		crowd_init(&crowd[i]);
}

static struct place *enter(unsigned who, unsigned n)
{
	return hall_enter(&hall, &crowd[who], &place[who][n]);
}

TEST(nobody_leaves_while_there_is_room)
{
	open_hall(10, 5);
	for (unsigned i = 0; i < 10; i++)
		assert_null(enter(i / 5, i % 5));
	assert_int_equal(hall.n, 10);
}

TEST(a_crowd_that_is_too_large_loses_its_oldest)
{
	open_hall(10, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_null(enter(0, i));
	assert_null(enter(1, 0));
	assert_ptr_equal(enter(0, 3), &place[0][0]);
	assert_ptr_equal(enter(0, 4), &place[0][1]);
	assert_int_equal(crowd[0].n, 3);
	assert_int_equal(hall.n, 4);
}

TEST(a_full_hall_loses_the_oldest_of_the_largest_crowd)
{
	open_hall(6, 5);
	assert_null(enter(1, 0)); /* the oldest of all, but alone */
	for (unsigned i = 0; i < 5; i++)
		assert_null(enter(0, i));
	assert_ptr_equal(enter(2, 0), &place[0][0]);
	assert_ptr_equal(enter(2, 1), &place[0][1]);
	assert_ptr_equal(enter(2, 2), &place[0][2]);
	assert_ptr_equal(enter(3, 0), &place[2][0]);
	assert_non_null(place[1][0].crowd);
}

TEST(among_crowds_of_one_the_oldest_leaves)
{
	open_hall(20, 5);
	for (unsigned i = 0; i < 20; i++)
		assert_null(enter(i, 0));
	for (unsigned i = 20; i < 40; i++)
		assert_ptr_equal(enter(i, 0), &place[i - 20][0]);
	assert_int_equal(hall.n, 20);
}

TEST(who_leaves_makes_room)
{
	open_hall(2, 2);
	enter(0, 0), enter(1, 0);
	hall_leave(&hall, &place[0][0]);
	hall_leave(&hall, &place[0][0]);
	assert_null(enter(2, 0));
	assert_int_equal(hall.n, 2);
}

TEST(thinned_until_it_is_empty)
{
	open_hall(10, 5);
	for (unsigned i = 0; i < 4; i++)
		enter(0, i);
	enter(1, 0);
	for (unsigned i = 0; i < 3; i++)
		assert_ptr_equal(hall_thin(&hall), &place[0][i]);
	assert_non_null(hall_thin(&hall));
	assert_non_null(hall_thin(&hall));
	assert_null(hall_thin(&hall));
	assert_int_equal(hall.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_leaves_while_there_is_room),
		cmocka_unit_test(a_crowd_that_is_too_large_loses_its_oldest),
		cmocka_unit_test(a_full_hall_loses_the_oldest_of_the_largest_crowd),
		cmocka_unit_test(among_crowds_of_one_the_oldest_leaves),
		cmocka_unit_test(who_leaves_makes_room),
		cmocka_unit_test(thinned_until_it_is_empty),
	};

	return cmocka_run_group_tests_name("hall", tests, NULL, NULL);
}
