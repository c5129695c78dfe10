/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that runs out in the middle of a handshake or a session: it ends there,
 * in words, and nothing half said goes out. Linked with --wrap, so that it is the
 * lender's allocations that are counted, and refused. */
#include "pool_fixture.h"
#include "wire.h"

#include "handshake.h"
#include "session.h"

void *__real_malloc(size_t n);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_realloc(void *p, size_t n);

static bool counting;
static unsigned allowed; /* that will still be granted while counting */

static bool refuse(void)
{
	return counting && allowed-- == 0;
}

void *__wrap_malloc(size_t n)
{
	return refuse() ? NULL : __real_malloc(n);
}

void *__wrap_realloc(void *p, size_t n)
{
	return refuse() ? NULL : __real_realloc(p, n);
}

static void say_all_options(struct wire *w, uint32_t last)
{
	const uint16_t infos[] = { 1, 2 };
	static const char meta[] = "\0\0\0\1p\0\0\0\1\0\0\0\17base:allocation";

	say(w, 4, 3);
	for (unsigned i = 0; i < 20; i++)
		say_option(w, 3, NULL, 0);
	say_open(w, 6, "q", 2, infos);
	say_option(w, 99, "x", 1);
	say_option(w, 8, NULL, 0);
	say_option(w, 10, meta, sizeof meta - 1);
	if (last == 7)
		say_open(w, 7, "p", 2, infos);
	else
		say_option(w, last, "p", 1);
}

/* The handshake with room for GRANTED allocations: its state, and what it said. */
static enum handshake_state shake(const struct wire *in, unsigned granted, struct wire *said)
{
	struct pools *pools = lend(100);
	struct backend door = door_to(pools);
	struct body *me = body("client");
	struct handshake h;
	struct buf out = {0};
	size_t used = 0;

	add(pools, "p", 16, false);
	add(pools, "q", 8, false);
	counting = true;
	allowed = granted;
	handshake_start(&h, &door, &me->m.client, TLS_OFF, &out);
	/* In pieces, whose answers are taken: so each may be the first to grow. */
	for (size_t n; used < in->len && h.state < HANDSHAKE_DONE; used += n) {
		n = handshake_feed(&h, in->byte + used, in->len - used, &out);
		assert_int_not_equal(n, 0);
	}
	counting = false;
	if (h.state == HANDSHAKE_CLOSE)
		assert_string_equal(h.why, "no memory");
	assert_int_equal(out.failed, h.state == HANDSHAKE_CLOSE);
	say_bytes(said, out.data, out.len);
	handshake_end(&h);
	buf_free(&out);
	gone(me);
	lend_no_more(pools);
	return h.state;
}

static void shakes_until_it_fits(uint32_t last)
{
	struct wire in = {0}, said = {0};
	unsigned granted = 0;

	say_all_options(&in, last);
	while (shake(&in, granted, &said) == HANDSHAKE_CLOSE) {
		/* The greeting is whole, or there is none. */
		assert_true(said.len == 0 || said.len >= 18);
		assert_in_range(++granted, 1, 1000);
		said.len = 0;
	}
	assert_in_range(granted, 3, 1000);
	wire_free(&in);
	wire_free(&said);
}

TEST(a_handshake)
{
	shakes_until_it_fits(7);
	shakes_until_it_fits(1);
}

/* Each reply of the handshake as the one that there is no room for. */
TEST(every_reply_of_a_handshake)
{
	struct pools *pools = lend(100);
	struct backend door = door_to(pools);
	struct wire in = {0};

	add(pools, "p", 16, false);
	for (uint32_t option = 1; option <= 10; option++) {
		struct body *me = body("client");
		struct handshake h;
		struct buf out = {0};

		say(&in, 4, 3);
		if (option == 6 || option == 7)
			say_open(&in, option, "p", 0, NULL);
		else
			say_option(&in, option, "p", option == 1);
		counting = true;
		allowed = 1;
		handshake_start(&h, &door, &me->m.client, TLS_OFF, &out);
		out.size = out.len; /* it is full */
		handshake_feed(&h, in.byte, in.len, &out);
		counting = false;
		assert_int_equal(h.state, HANDSHAKE_CLOSE);
		assert_int_equal(out.len, 18);
		handshake_end(&h);
		buf_free(&out);
		gone(me);
		in.len = 0;
	}
	wire_free(&in);
	lend_no_more(pools);
}

/* Its replies: the ring's first and each longer one, and the words of chunks. */
static enum session_state serve(const struct wire *in, unsigned granted, uint32_t *owed)
{
	struct body *me = sole(16);
	struct session s;

	session_start(&s, &me->m.client, &(struct terms){ .size = PAGE(16), .structured = true,
	                                           .contexts = CONTEXT_ALLOCATION });
	assert_int_equal(member_enter(&me->m), 0);
	counting = true;
	allowed = granted;
	session_feed(&s, in->byte, in->len);
	counting = false;
	member_exit(&me->m);
	enum session_state state = s.state;
	*owed = replies_owed(&s.replies);
	if (state == SESSION_BROKEN)
		assert_string_equal(s.why, "no memory for its replies");
	session_free(&s);
	sole_gone(me);
	return state;
}

TEST(a_session)
{
	struct wire in = {0};
	unsigned granted = 0;
	uint32_t owed;

	/* BLOCK_STATUS, FLUSH, READ: one reply each, and each has to grow the ring once. */
	for (unsigned i = 0; i < 300; i++)
		say_request(&in, 0, (const uint16_t[]){ 7, 3, 0 }[i % 3], i, 0,
		            i % 3 == 1 ? 0 : 4096);
	while (serve(&in, granted, &owed) == SESSION_BROKEN) {
		assert_true(owed < 300);
		assert_in_range(++granted, 1, 1000);
	}
	assert_int_equal(owed, 300);
	assert_in_range(granted, 4, 1000);
	wire_free(&in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_handshake),
		cmocka_unit_test(every_reply_of_a_handshake),
		cmocka_unit_test(a_session),
	};

	return cmocka_run_group_tests_name("no memory", tests, NULL, NULL);
}
