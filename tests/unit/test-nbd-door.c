/* SPDX-License-Identifier: BSD-2-Clause */
/* The NBD face's door: whose the device is while requests are under way, and parts of pages that change beside each
 * other. The test is the server in front of it and the owner behind it. */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>

#include "late.h"
#include "log.h"
#include "nbd.h"
#include "nbd_door.h"

#define PAGES 100u
#define DEPTH 8u

static struct nbd_door d;
static struct face face;
static struct backend backend;
static struct face_request *out[DEPTH + 1];
static unsigned outs;

static void submit(void *user, struct face_request *r)
{
	(void)user;
	assert_in_range(outs, 0, DEPTH);
	out[outs++] = r;
}

static const struct face_owner owner = { .submit = submit };

static int setup(void **state)
{
	char words[WORDS_MAX];

	(void)state;
	log_level = LOG_ERROR;
	face = (struct face){ .owner = &owner };
	outs = 0;
	if (nbd_door_open(&d, &face, "name", PAGES, DEPTH, words))
		return -1;
	backend = nbd_door_backend(&d);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(outs, 0);
	assert_int_equal(d.rooms.left, DEPTH);
	assert_int_equal(d.joined, 0);
	nbd_door_close(&d);
	return 0;
}

/* The oldest is over. */
static void answer(int error)
{
	struct face_request *r = out[0];

	assert_true(outs > 0);
	memmove(out, out + 1, --outs * sizeof *out);
	nbd_door_answer(&d, r, error);
}

static void asks(unsigned i, enum face_verb verb, uint64_t page, uint32_t pages)
{
	assert_true(i < outs);
	assert_int_equal(out[i]->verb, verb);
	assert_int_equal(out[i]->page, page);
	assert_int_equal(out[i]->pages, pages);
}

/* A client's session, as late.c has it. */
struct guest {
	struct client *client;
	struct late_requests *late;
	struct replies replies;
};

static void stir(struct client *c)
{
	(void)c;
}

static struct guest in(const char *name)
{
	struct guest g = { .client = calloc(1, backend.ops->client_bytes) };
	struct backend_ask ask = { .name = name, .len = strlen(name) };
	struct backend_answer told;

	assert_non_null(g.client);
	*g.client = (struct client){ .ops = backend.ops, .peer = "me", .stir = stir };
	assert_int_equal(backend.ops->join(&backend, g.client, &ask, &told), 0);
	return g;
}

static void gone(struct guest *g)
{
	backend.ops->leave(g->client, END_SAID);
	free(g->client);
}

/* A request of one part, as the server makes it. */
static void ask(struct guest *g, enum part_verb verb, uint64_t offset, uint32_t length)
{
	struct request r = { .offset = offset, .length = length,
	                     .type = verb == PART_READ ? NBD_CMD_READ : verb == PART_WRITE ? NBD_CMD_WRITE : NBD_CMD_TRIM };
	static const uint8_t zeros[PART_BYTES];

	if (!g->late)
		g->late = late_new(g->client, &g->replies);
	assert_int_equal(late_begin(g->late, &r, false), 0);
	if (verb == PART_WRITE)
		assert_int_equal(late_fill(g->late, zeros, length), length);
	else
		assert_true(late_cut(g->late));
}

/* The next reply that is owed: its error, or -1 for none. */
static int owed(struct guest *g)
{
	struct replies *r = &g->replies;

	if (!replies_owed(r))
		return -1;
	const struct reply reply = r->ring[r->head & (r->size - 1)];
	replies_sent(r, NBD_SIMPLE_BYTES + reply.length);
	return reply.kind == REPLY_SIMPLE ? reply.code : 0;
}

static void leaves(struct guest *g)
{
	late_free(g->late);
	replies_free(&g->replies);
	gone(g);
}

TEST(what_was_begun_ends_before_the_pages_go)
{
	struct guest a = in("?claim=a"), b = in("?claim=b&force"), c;

	ask(&a, PART_WRITE, 0, PAGE_BYTES);
	answer(0);
	assert_int_equal(owed(&a), 0);
	ask(&a, PART_WRITE, PAGE_BYTES + 1, 5); /* gets the page first */
	ask(&a, PART_READ, 0, PAGE_BYTES);
	ask(&b, PART_WRITE, 0, PAGE_BYTES);
	ask(&b, PART_READ, 0, PAGE_BYTES);
	ask(&a, PART_WRITE, 0, PAGE_BYTES);
	assert_int_equal(owed(&a), NBD_EPERM);
	assert_int_equal(outs, 2);
	answer(0);
	asks(1, FACE_PUT, 1, 1);
	answer(0);
	assert_int_equal(owed(&a), 0);
	answer(0);
	assert_int_equal(owed(&a), 0);
	asks(0, FACE_FLUSH, 0, PAGES);
	/* Another one meanwhile. */
	c = in("?claim=c&force");
	ask(&c, PART_READ, 0, 1);
	ask(&c, PART_ZERO, 0, PAGE_BYTES);
	assert_int_equal(outs, 1);
	answer(0);
	assert_int_equal(owed(&b), NBD_EPERM);
	assert_int_equal(owed(&b), NBD_EPERM);
	assert_int_equal(outs, 2);
	answer(0);
	asks(0, FACE_FLUSH, 0, 1);
	answer(0);
	assert_int_equal(owed(&c), 0);
	assert_int_equal(owed(&c), 0);
	leaves(&a);
	leaves(&b);
	leaves(&c);
}

TEST(pages_that_could_not_be_forgotten)
{
	struct guest a = in("?claim=a"), b = in("?claim=b&force");

	ask(&a, PART_WRITE, 0, PAGE_BYTES);
	answer(0);
	assert_int_equal(owed(&a), 0);
	ask(&b, PART_WRITE, 0, PAGE_BYTES);
	asks(0, FACE_FLUSH, 0, PAGES);
	answer(EIO);
	assert_int_equal(owed(&b), NBD_EIO);
	ask(&b, PART_READ, 0, PAGE_BYTES);
	asks(0, FACE_FLUSH, 0, PAGES);
	answer(0);
	asks(0, FACE_GET, 0, 1);
	answer(0);
	assert_int_equal(owed(&b), 0);
	leaves(&a);
	leaves(&b);
}

TEST(changes_of_a_page_take_turns)
{
	struct guest a = in("");

	ask(&a, PART_WRITE, 10, 10);
	ask(&a, PART_WRITE, 30, 2 * PAGE_BYTES);
	ask(&a, PART_WRITE, 0, PAGE_BYTES);
	ask(&a, PART_WRITE, 5 * PAGE_BYTES, PAGE_BYTES);
	assert_int_equal(outs, 2);
	asks(0, FACE_GET, 0, 1);
	asks(1, FACE_PUT, 5, 1);
	answer(0);
	answer(0);
	asks(0, FACE_PUT, 0, 1);
	answer(0);
	asks(0, FACE_GET, 0, 1);
	answer(0);
	asks(0, FACE_GET, 2, 1);
	answer(0);
	asks(0, FACE_PUT, 0, 3);
	answer(0);
	asks(0, FACE_PUT, 0, 1);
	answer(0);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(owed(&a), 0);
	leaves(&a);
}

/* Of a page that is lost in part nothing is changed. */
TEST(zeros)
{
	struct guest a = in("");

	ask(&a, PART_ZERO, 5, 20 * PAGE_BYTES);
	asks(0, FACE_GET, 0, 1);
	memset(out[0]->data, 'x', PAGE_BYTES);
	answer(0);
	asks(0, FACE_PUT, 0, 1);
	assert_true(out[0]->data[4] == 'x' && out[0]->data[5] == 0);
	answer(0);
	asks(0, FACE_FLUSH, 1, 19);
	answer(0);
	asks(0, FACE_GET, 20, 1);
	memset(out[0]->data, 'x', PAGE_BYTES);
	answer(0);
	asks(0, FACE_PUT, 20, 1);
	assert_true(out[0]->data[4] == 0 && out[0]->data[5] == 'x');
	answer(0);
	assert_int_equal(owed(&a), 0);
	ask(&a, PART_ZERO, 5, 2);
	answer(EIO);
	assert_int_equal(owed(&a), NBD_EIO);
	ask(&a, PART_ZERO, PAGE_BYTES - 1, 2);
	answer(0);
	asks(0, FACE_PUT, 0, 1);
	answer(0);
	asks(0, FACE_GET, 1, 1);
	answer(0);
	asks(0, FACE_PUT, 1, 1);
	answer(ENOSPC);
	assert_int_equal(owed(&a), NBD_ENOSPC);
	leaves(&a);
}

/* By force: the owner's answers say nothing any more. */
TEST(all_is_refused)
{
	struct guest a = in("");
	struct face_request *had;

	ask(&a, PART_WRITE, 3, 5);
	ask(&a, PART_WRITE, 9, 5);
	ask(&a, PART_READ, 0, 5);
	assert_int_equal(outs, 2);
	nbd_door_refuse(&d);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(owed(&a), NBD_EIO);
	ask(&a, PART_READ, 0, 5);
	assert_int_equal(owed(&a), NBD_EIO);
	had = out[0];
	answer(0);
	answer(0);
	assert_int_equal(owed(&a), -1);
	assert_ptr_equal(had->face, &face);
	leaves(&a);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(what_was_begun_ends_before_the_pages_go),
		T(pages_that_could_not_be_forgotten),
		T(changes_of_a_page_take_turns),
		T(zeros),
		T(all_is_refused),
	};

	return cmocka_run_group_tests_name("nbd-door", tests, NULL, NULL);
}
