/* SPDX-License-Identifier: BSD-2-Clause */
/* A lender in this process, on a unix socket, and links to it. */
#ifndef FARPAGE_LENDER_FIXTURE_H
#define FARPAGE_LENDER_FIXTURE_H

#include "link_fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "address.h"
#include "door.h"
#include "lend.h"
#include "listen.h"
#include "log.h"
#include "member.h"
#include "serve.h"

#define PAGES UINT64_C(64)
#define BYTES (PAGES * PAGE_BYTES)

static char dir[] = "/tmp/farpage-test-link-XXXXXX", at[64];

/* The lender: pools, which may outlive the loop that serves them. */
static struct pools pools;
static struct limits limits;
static struct budget budget;
static struct loops loops;
static struct loop *loop;
static struct listener *listener;
static pthread_t thread;

static inline void *run(void *unused)
{
	(void)unused;
	loop_run(loop);
	return NULL;
}

static inline void lender_up(void)
{
	char words[WORDS_MAX];

	limits_init(&limits, 100, 100, 100);
	loops = (struct loops){ .loop = &loop, .n = 1,
	                        .shared = { .backend = door_to(&pools), .limits = &limits,
	                                    .budget = &budget } };
	loop = serve_new(ev_loop_new(EVFLAG_AUTO), &loops.shared);
	assert_non_null(loop);
	listener = listen_on(at, &loops, words);
	if (!listener)
		fail_msg("%s", words);
	assert_int_equal(pthread_create(&thread, NULL, run, NULL), 0);
}

static inline void lender_down(void)
{
	loop_stop(loop);
	pthread_join(thread, NULL);
	listen_close(listener);
	loop_free(loop);
	limits_free(&limits);
}

static inline void new_memory(void)
{
	char words[WORDS_MAX];

	pools_init(&pools, 4 * BYTES);
	assert_int_equal(pool_add(&pools, &(struct pool_spec){ .name = "p", .size = BYTES, .thin = false }, words), 0);
	assert_int_equal(pool_add(&pools, &(struct pool_spec){ .name = "q", .size = 2 * BYTES, .thin = true }, words), 0);
}

static inline int setup(void **state)
{
	(void)state;
	new_memory();
	lender_up();
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	lender_down();
	pools_free(&pools);
	return 0;
}

static const struct link_proof proof = { .instance = "me" };

static struct link *link_to(const char *pool)
{
	struct address address;
	char words[WORDS_MAX];
	struct link *l;

	assert_int_equal(address_parse(&address, at, words), 0);
	l = link_nbd(&address, pool, &proof, 2000);
	assert_non_null(l);
	own(l);
	return l;
}

static struct link *good(const char *pool)
{
	struct link *l = link_to(pool);

	if (!reopen(l))
		fail_msg("%s", told.words);
	return l;
}

static inline void refused(const char *pool, const char *says)
{
	struct link *l = link_to(pool);

	assert_false(reopen(l));
	if (!strstr(told.words, says))
		fail_msg("\"%s\" does not say \"%s\"", told.words, says);
	l->ops->free(l);
}

static inline void put(struct link *l, uint64_t page, uint64_t tag)
{
	uint8_t data[PAGE_BYTES];

	fill(data, sizeof data, tag);
	assert_int_equal(do_ask(l, ASK_PUT, page, 1, data), 0);
}

static inline void expect(struct link *l, uint64_t page, uint64_t tag)
{
	uint8_t got[PAGE_BYTES], want[PAGE_BYTES] = {0};

	if (tag)
		fill(want, sizeof want, tag);
	assert_int_equal(do_ask(l, ASK_GET, page, 1, got), 0);
	assert_memory_equal(got, want, sizeof got);
}

/* The link goes down by itself. */
static inline void goes_down(struct link *l)
{
	while (!told.downs)
		turn(l);
	assert_int_equal(l->ops->interest(l).fd, -1);
}

#endif
