/* SPDX-License-Identifier: BSD-2-Clause */
/* Limits: whom there is room for, and who is hung up on for it. */
#include "unit.h"

#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "limit.h"

static struct limits limits;
static int mine[400], theirs[400];
static struct slot *slot[400];
static unsigned slots;

static int setup(void **state)
{
	(void)state;
	limits_init(&limits, 16, 10, 4);
	slots = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	while (slots-- > 0) {
		if (slot[slots])
			limits_leave(slot[slots]);
		close(mine[slots]);
		close(theirs[slots]);
	}
	assert_int_equal(limits.slots, 0);
	assert_int_equal(limits.sessions, 0);
	assert_int_equal(limits.handshakes.n + limits.proven.n + limits.stuck.n, 0);
	limits_free(&limits);
	return 0;
}

static struct slot *enter(const char *network)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	theirs[slots] = fd[0];
	mine[slots] = fd[1];
	return slot[slots++] = limits_enter(&limits, fd[1], network);
}

static struct slot *join(const char *network, enum limits_rank rank)
{
	struct slot *s = enter(network);

	assert_non_null(s);
	return limits_join(s, rank) ? s : NULL;
}

static bool hung_up(unsigned i)
{
	char byte;

	return recv(theirs[i], &byte, 1, 0) == 0;
}

TEST(handshakes_are_few_and_the_newest_stay)
{
	for (unsigned i = 0; i < LIMITS_HANDSHAKES_OF_NETWORK + 10; i++)
		assert_non_null(enter("one"));
	assert_int_equal(limits.handshakes.n, LIMITS_HANDSHAKES_OF_NETWORK);
	for (unsigned i = 0; i < slots; i++) {
		assert_int_equal(hung_up(i), i < 10);
		assert_int_equal(slot[i]->state == SLOT_OUT, i < 10);
	}
	assert_int_equal(limits.ended, 10);
	/* Who is out does not come in. */
	assert_false(limits_join(slot[0], LIMITS_RESERVED));
	assert_true(limits_join(slot[10], LIMITS_PLAIN));
}

TEST(a_session_that_comes_to_nothing_is_a_handshake_again)
{
	struct slot *s = join("one", LIMITS_RESERVED), *t;

	limits_rejoin(s);
	assert_int_equal(s->state, SLOT_HANDSHAKE);
	for (unsigned i = 0; i < LIMITS_HANDSHAKES_OF_NETWORK; i++)
		enter("one");
	assert_int_equal(s->state, SLOT_OUT);
	limits_rejoin(s);
	assert_int_equal(s->state, SLOT_OUT);
	t = enter("two");
	assert_true(limits_identify(t, "me"));
	assert_true(limits_join(t, LIMITS_PLAIN));
	limits_rejoin(t);
	assert_int_equal(limits.sessions, 0);
	assert_int_equal(limits.proven.n, 1);
	assert_true(limits_join(t, LIMITS_PLAIN));
	limits_rejoin(NULL);
}

TEST(a_session_is_no_handshake_any_more)
{
	struct slot *s = join("one", LIMITS_PLAIN);

	for (unsigned i = 0; i < 300; i++)
		enter("one");
	assert_int_equal(s->state, SLOT_SESSION);
	assert_int_equal(limits.sessions, 1);
}

TEST(plain_ones_leave_an_eighth_to_owners)
{
	char name[] = "a";

	for (unsigned i = 0; i < 14; i++, *name = (char)('a' + i / 5))
		assert_non_null(join(name, LIMITS_PLAIN));
	assert_null(join("z", LIMITS_PLAIN));
	assert_true(slot[slots - 1]->refused);
	for (unsigned i = 0; i < 2; i++)
		assert_non_null(join("z", LIMITS_OWNER));
	assert_null(join("z", LIMITS_OWNER));
	for (unsigned i = 0; i < 10; i++)
		assert_non_null(join("z", LIMITS_RESERVED));
}

TEST(so_many_of_a_network_and_of_an_identity)
{
	for (unsigned i = 0; i < 10; i++)
		assert_non_null(join("one", LIMITS_PLAIN));
	assert_null(join("one", LIMITS_OWNER));
	for (unsigned i = 0; i < 5; i++) {
		struct slot *s = enter("two");

		assert_true(limits_identify(s, "me"));
		assert_int_equal(limits_join(s, LIMITS_PLAIN), i < 4);
	}
	limits_leave(slot[0]);
	slot[0] = NULL;
	assert_non_null(join("one", LIMITS_PLAIN));
}

/* Whoever proved who he is no longer has to leave for those who did not. */
TEST(proven_ones_have_a_room_of_their_own)
{
	struct slot *s = enter("one");

	assert_true(limits_identify(s, "me"));
	for (unsigned i = 0; i < 300; i++)
		enter("one");
	assert_int_equal(s->state, SLOT_HANDSHAKE);
	for (unsigned i = 0; i < 4; i++)
		assert_true(limits_identify(enter("two"), "me"));
	assert_int_equal(s->state, SLOT_OUT);
	assert_int_equal(limits.proven.n, 4);
}

TEST(those_that_take_nothing_are_few_but_for_owners)
{
	struct slot *owner, *further;

	limits.most = limits.most_of_network = 1000;
	owner = join("one", LIMITS_RESERVED);
	further = join("one", LIMITS_OWNER);
	limits_stick(owner, true);
	limits_stick(further, true);
	for (unsigned i = 0; i < LIMITS_STUCK; i++)
		limits_stick(join("one", LIMITS_PLAIN), true);
	limits_stick(slot[3], false);
	limits_stick(join("two", LIMITS_PLAIN), true);
	assert_int_equal(limits.ended, 0);
	limits_stick(join("two", LIMITS_PLAIN), true);
	assert_int_equal(limits.ended, 1);
	assert_int_equal(slot[2]->state, SLOT_OUT);
	assert_int_equal(owner->state, SLOT_RESERVED);
	assert_int_equal(further->state, SLOT_SESSION);
	assert_true(hung_up(2));
	assert_int_equal(limits.sessions, LIMITS_STUCK + 2);
}

static bool comes_and_goes(const char *network)
{
	struct slot *s = limits_enter(&limits, -1, network);

	if (s)
		limits_leave(s);
	return s;
}

/* It is remembered though nobody of it is left. */
TEST(too_fast_for_one_network_only)
{
	unsigned n = 0, again = 0;

	while (n < 20000 && comes_and_goes("one"))
		n++;
	assert_in_range(n, 4000, 15000);
	assert_true(comes_and_goes("two"));
	for (unsigned i = 0; i < 50; i++)
		again += comes_and_goes("one");
	assert_true(again < 25);
}

TEST(who_comes_most_often_pays_most)
{
	char name[] = "many-a";
	unsigned n = 0;

	for (unsigned i = 0; i < 40000; i++) {
		name[5] = (char)('a' + i % 16);
		n += comes_and_goes(name);
	}
	assert_in_range(n, 8000, 20000);
	for (unsigned i = 0; i < 30; i++)
		assert_true(comes_and_goes("another"));
}

TEST(as_many_as_descriptors_allow)
{
	limits_fit(&limits, 1000, 100);
	assert_int_equal(limits.most, 16);
	limits_fit(&limits, 20, 4);
	assert_true(limits.most + limits.handshakes.most + limits.proven.most + 4 <= 20);
	for (unsigned i = 0; i < 20; i++)
		assert_non_null(enter("one"));
	/* Those that were hung up on have their descriptors until they are gone. */
	assert_null(enter("two"));
	limits_leave(slot[0]);
	slot[0] = NULL;
	assert_non_null(enter("two"));
	limits_fit(&limits, 0, 0);
	assert_true(limits.most > 0 && limits.handshakes.most > 0);
}

TEST(tls_handshakes_of_who_cost_most_come_last)
{
	struct slot *one = enter("one"), *two = enter("two");
	uint64_t now = clock_ns();

	limits_tls_took(one, now, 400000000);
	assert_int_equal(limits_tls_wait(one, now), 0);
	assert_true(limits_tls_cost(one, now) > limits_tls_cost(two, now));
	limits_tls_took(one, now, 200000000);
	assert_true(limits_tls_wait(one, now) > 0);
	assert_int_equal(limits_tls_wait(two, now), 0);
	/* What comes to something is not held against the network. */
	limits_tls_took(two, now, 100000000);
	assert_true(limits_tls_cost(two, now) > 0);
	assert_true(limits_identify(two, "me"));
	assert_int_equal(limits_tls_cost(two, now), 0);
	/* In all there is not so much either. */
	for (unsigned i = 0; i < 4; i++)
		limits_tls_took(enter("many"), now, 200000000);
	assert_in_range(limits_tls_wait(two, now), UINT64_C(1000000000), UINT64_C(12000000000));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(handshakes_are_few_and_the_newest_stay),
		T(a_session_that_comes_to_nothing_is_a_handshake_again),
		T(a_session_is_no_handshake_any_more),
		T(plain_ones_leave_an_eighth_to_owners),
		T(so_many_of_a_network_and_of_an_identity),
		T(proven_ones_have_a_room_of_their_own),
		T(those_that_take_nothing_are_few_but_for_owners),
		T(too_fast_for_one_network_only),
		T(who_comes_most_often_pays_most),
		T(as_many_as_descriptors_allow),
		T(tls_handshakes_of_who_cost_most_come_last),
	};

	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
