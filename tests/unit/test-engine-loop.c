/* SPDX-License-Identifier: BSD-2-Clause */
/* An event loop on an engine, with threads that wait for operations of their own beside it. Each
 * of the loop's clients has pages of which it knows what they hold, and one operation under way. */
#include "engine_fixture.h"

#include <poll.h>

#define CLIENTS 16u
#define THREADS 3u
#define OWN     6u /* pages of each */

struct client {
	struct run run;
	uint64_t seed, page, value[OWN];
	bool lost[OWN];
	unsigned left;           /* operations */
	uint8_t data[PAGE_BYTES];
};

static bool may_lose; /* lenders may forget their pages */
static _Atomic unsigned wrong;
static unsigned links;

/* The next operation of C, which is number N. */
static struct op *next(struct client *c, unsigned n)
{
	enum op_kind kind = some_kind(&c->seed);

	c->page = dice_below(&c->seed, OWN);
	c->run = (struct run){ .op = { .kind = kind, .page = n * OWN + c->page, .pages = 1 }, .data = c->data };
	c->run.op.until = clock_ms() + e.core.o.deadline_ms;
	set_page(c->data, kind == OP_PUT ? dice(&c->seed) : 1);
	return &c->run.op;
}

/* Its operation is done. */
static void look(struct client *c)
{
	const struct op *op = &c->run.op;
	uint64_t *value = &c->value[c->page];

	if (op->kind == OP_GET && op->error) {
		wrong += !may_lose || op->error != EIO;
		c->lost[c->page] = true;
		return;
	}
	wrong += op->error != 0;
	if (op->kind == OP_GET) {
		if (op->record[0].state != PAGE_SEALED)
			set_page(c->data, 0);
		wrong += c->lost[c->page] || !is_page(c->data, *value);
		return;
	}
	*value = 0;
	if (op->kind == OP_PUT)
		memcpy(value, c->data, sizeof *value);
	c->lost[c->page] = false;
}

/* Several at once; the seed decides how many. */
static unsigned submit_more(struct client *client, bool *idle, uint64_t *seed)
{
	unsigned begun = 0;

	for (unsigned n = 0; n < CLIENTS; n++) {
		if (!idle[n] || !client[n].left || dice_below(seed, 3) == 0)
			continue;
		idle[n] = false;
		client[n].left--;
		engine_submit(&e, next(&client[n], n));
		begun++;
	}
	return begun;
}

static unsigned take(struct client *client, bool *idle, struct op *ops)
{
	unsigned n = 0;

	for (struct op *after; ops; ops = after, n++) {
		struct client *c = (struct client *)ops;

		after = ops->next;
		look(c);
		idle[c - client] = true;
	}
	return n;
}

/* As a caller's loop does: it sleeps on the descriptor, and a second of sleep while anything is
 * under way is a wake-up that was lost (unless links hang). */
static void loop(unsigned times, uint64_t seed, int sleep_ms)
{
	static struct client client[CLIENTS];
	bool idle[CLIENTS];
	unsigned under_way = 0, left = CLIENTS * times;

	for (unsigned n = 0; n < CLIENTS; n++) {
		idle[n] = true;
		client[n] = (struct client){ .seed = seed + n, .left = times };
	}
	while (left) {
		struct pollfd p = { .fd = e.loop.epoll, .events = POLLIN };
		unsigned ended;

		if (under_way < CLIENTS && submit_more(client, idle, &seed))
			under_way = 0;
		ended = take(client, idle, engine_turn(&e));
		for (unsigned n = under_way = 0; n < CLIENTS; n++)
			under_way += !idle[n];
		left -= ended;
		if (!ended && under_way && !engine_submitted(&e))
			must(poll(&p, 1, sleep_ms) > 0, "the loop slept through what happened");
	}
}

static void *hammer(void *number)
{
	uint64_t me = (uintptr_t)number, seed = me, value[OWN] = {0};
	uint8_t data[PAGE_BYTES];

	for (unsigned i = 0; i < 60; i++) {
		uint64_t own = dice_below(&seed, OWN), page = (CLIENTS + me) * OWN + own, new = dice(&seed);
		enum op_kind kind = some_kind(&seed);
		int error;

		set_page(data, kind == OP_PUT ? new : 1);
		error = run(kind, page, 1, data);
		wrong += error && !(may_lose && kind == OP_GET);
		if (!error && kind == OP_GET)
			wrong += !may_lose && !is_page(data, value[own]);
		else if (!error)
			value[own] = kind == OP_PUT ? new : 0;
	}
	return NULL;
}

static void open_loop(unsigned n, const struct fake *how, int64_t link_timeout_ms)
{
	struct core_options o = { .links = n, .copies = n > 1 ? 2 : 1, .deadline_ms = 30000,
	                          .link_timeout_ms = link_timeout_ms, .heal_pages = 1000000, .seed = how->seed };

	links = n;
	may_lose = how->forgets != 0;
	wrong = 0;
	make_drive(n, how->seed);
	assert_int_equal(engine_loop(&e), 0);
	engine_open(&e, clock_ms() + 5000);
	assert_int_equal(engine_begin(&e, FAKE_PAGES, &o, BUFFERS, seal), 0);
	engine_wipe(&e, false, 5000);
	for (unsigned link_no = 0; link_no < links; link_no++) {
		fake[link_no]->breaks = how->breaks;
		fake[link_no]->stays_away = how->stays_away;
		fake[link_no]->forgets = how->forgets;
		fake[link_no]->hangs = how->hangs;
		fake[link_no]->at_once = how->at_once;
	}
}

static void all_loop(unsigned n, struct fake how, unsigned times, unsigned threads, int64_t link_timeout_ms)
{
	pthread_t thread[THREADS];

	open_loop(n, &how, link_timeout_ms);
	for (uintptr_t i = 0; i < threads; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, hammer, (void *)i), 0);
	loop(times, how.seed, 5000);
	for (uintptr_t i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(wrong, 0);
	assert_true(TAILQ_EMPTY(&e.waiters));
	close_drive();
}

TEST(alone)
{
	for (unsigned n = 1; n < 4; n++)
		all_loop(n, (struct fake){ .seed = n }, 200, 0, 30000);
}

TEST(with_threads_beside_it)
{
	for (unsigned n = 1; n < 4; n++)
		all_loop(n, (struct fake){ .seed = 10 + n }, 150, THREADS, 30000);
}

TEST(on_links_that_answer_some_at_once)
{
	for (unsigned n = 1; n < 4; n++)
		all_loop(n, (struct fake){ .seed = 20 + n, .at_once = 3 }, 200, THREADS, 30000);
}

TEST(on_links_that_break)
{
	for (unsigned n = 1; n < 4; n++)
		all_loop(n, (struct fake){ .seed = 30 + n, .breaks = 50, .stays_away = 4 }, 60, THREADS, 30000);
}

TEST(on_links_that_hang)
{
	for (unsigned n = 1; n < 4; n++)
		all_loop(n, (struct fake){ .seed = 40 + n, .hangs = 30 }, 60, THREADS, 40);
}

TEST(on_links_that_forget)
{
	for (unsigned n = 1; n < 3; n++)
		all_loop(n, (struct fake){ .seed = 50 + n, .breaks = 50, .forgets = 2, .at_once = 4 }, 60, 0, 30000);
}

static void *one_put(void *data)
{
	return (void *)(uintptr_t)run(OP_PUT, 0, 1, data);
}

/* A thread that leads, and ends, leaves links to the loop that it had never seen. */
TEST(a_link_that_was_opened_by_a_thread_is_the_loops_too)
{
	static uint8_t data[PAGE_BYTES];
	pthread_t thread;
	void *error;

	open_loop(1, &(struct fake){ .seed = 60 }, 30000);
	break_link(0);
	set_page(data, 5);
	assert_int_equal(pthread_create(&thread, NULL, one_put, data), 0);
	pthread_join(thread, &error);
	assert_null(error);
	loop(20, 61, 5000);
	assert_int_equal(wrong, 0);
	close_drive();
}

static bool is_among(const struct op *ops, const struct op *op)
{
	while (ops && ops != op)
		ops = ops->next;
	return ops;
}

TEST(who_submits_before_every_turn_gets_answers_all_the_same)
{
	static struct run put, get;
	static uint8_t data[PAGE_BYTES];
	struct op *done = NULL;

	open_loop(1, &(struct fake){ .seed = 70 }, 30000);
	set_page(data, 5);
	put = (struct run){ .op = { .kind = OP_PUT, .pages = 1, .until = clock_ms() + 30000 }, .data = data };
	engine_submit(&e, &put.op);
	for (unsigned turns = 0; turns < 200 && !is_among(done, &put.op); turns++) {
		struct pollfd p = { .fd = e.loop.epoll, .events = POLLIN };

		poll(&p, 1, 50);
		get = (struct run){ .op = { .kind = OP_GET, .page = FAKE_PAGES - 1, .pages = 1, .until = clock_ms() + 30000 } };
		engine_submit(&e, &get.op);
		done = engine_turn(&e);
		assert_true(is_among(done, &get.op));
	}
	assert_true(is_among(done, &put.op));
	close_drive();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alone),
		cmocka_unit_test(with_threads_beside_it),
		cmocka_unit_test(on_links_that_answer_some_at_once),
		cmocka_unit_test(on_links_that_break),
		cmocka_unit_test(on_links_that_hang),
		cmocka_unit_test(on_links_that_forget),
		cmocka_unit_test(a_link_that_was_opened_by_a_thread_is_the_loops_too),
		cmocka_unit_test(who_submits_before_every_turn_gets_answers_all_the_same),
	};

	return cmocka_run_group_tests_name("an engine under a loop", tests, NULL, NULL);
}
