/* SPDX-License-Identifier: BSD-2-Clause */
/* A store whose bytes are not at hand: what is read of it is answered later, in another turn of
 * the loop, or never, for the connection, the page or the claim is gone by then. The test is the
 * client, and says when the loop turns and when bytes come. */
#include "pool_fixture.h"
#include "wire.h"

#include <pthread.h>
#include <sys/socket.h>

#include "conn.h"
#include "log.h"
#include "serve.h"

#define PAGES 64u

/* A flat store, whose pages' bytes come when the test says so. */
struct late {
	struct store store;
	struct store *flat;
	pthread_mutex_t lock;
	bool here[PAGES];
	unsigned asked[PAGES];
	LIST_HEAD(, store_wait) waiting;
};

static struct late *late;

static struct store *flat_of(const struct store *s)
{
	return ((const struct late *)s)->flat;
}

/* Under the lock. */
static void tell(struct late *l, uint64_t page, uint64_t end)
{
	struct store_wait *w, *next;

	for (w = LIST_FIRST(&l->waiting); w; w = next) {
		next = LIST_NEXT(w, link);
		if (w->page < page || w->page >= end)
			continue;
		LIST_REMOVE(w, link);
		w->link.le_prev = NULL;
		w->ready(w);
	}
}

static void arrive(uint64_t page)
{
	pthread_mutex_lock(&late->lock);
	late->here[page] = true;
	tell(late, page, page + 1);
	pthread_mutex_unlock(&late->lock);
}

static unsigned waiting(void)
{
	struct store_wait *w;
	unsigned n = 0;

	pthread_mutex_lock(&late->lock);
	LIST_FOREACH(w, &late->waiting, link)
		n++;
	pthread_mutex_unlock(&late->lock);
	return n;
}

static int late_put(struct store *s, uint64_t page, size_t offset, size_t len, const uint8_t *data)
{
	return flat_of(s)->ops->put(flat_of(s), page, offset, len, data);
}

static uint64_t late_run(const struct store *s, uint64_t page, uint64_t max, bool *there)
{
	return flat_of(s)->ops->run(flat_of(s), page, max, there);
}

static const uint8_t *late_get(struct store *s, uint64_t page, uint64_t max, uint64_t *run)
{
	struct late *l = (struct late *)s;
	const uint8_t *data = flat_of(s)->ops->get(flat_of(s), page, max, run);
	uint64_t n = 0;

	if (!data)
		return NULL;
	pthread_mutex_lock(&l->lock);
	while (n < *run && l->here[page + n])
		n++;
	l->asked[page] += n == 0;
	pthread_mutex_unlock(&l->lock);
	*run = n;
	return n ? data : NULL;
}

static bool late_wait(struct store *s, uint64_t page, struct store_wait *w)
{
	struct late *l = (struct late *)s;

	pthread_mutex_lock(&l->lock);
	bool waits = !l->here[page];
	if (waits) {
		w->page = page;
		LIST_INSERT_HEAD(&l->waiting, w, link);
	}
	pthread_mutex_unlock(&l->lock);
	return waits;
}

static void late_forget(struct store *s, struct store_wait *w)
{
	struct late *l = (struct late *)s;

	pthread_mutex_lock(&l->lock);
	if (w->link.le_prev)
		LIST_REMOVE(w, link);
	w->link.le_prev = NULL;
	pthread_mutex_unlock(&l->lock);
}

static uint64_t late_flush(struct store *s, uint64_t *page, uint64_t end, uint64_t max)
{
	struct late *l = (struct late *)s;
	uint64_t first = *page, freed = flat_of(s)->ops->flush(flat_of(s), page, end, max);

	pthread_mutex_lock(&l->lock);
	for (uint64_t i = first; i < *page; i++)
		l->here[i] = false;
	tell(l, first, *page);
	pthread_mutex_unlock(&l->lock);
	return freed;
}

static bool late_present(const struct store *s, uint64_t page)
{
	return flat_of(s)->ops->present(flat_of(s), page);
}

static void late_close(struct store *s)
{
	struct late *l = (struct late *)s;

	assert_true(LIST_EMPTY(&l->waiting));
	flat_of(s)->ops->close(flat_of(s));
	free(l);
}

static const struct store_ops store_late = {
	.name = "late",
	.close = late_close,
	.put = late_put,
	.run = late_run,
	.get = late_get,
	.wait = late_wait,
	.forget = late_forget,
	.flush = late_flush,
	.present = late_present,
};

static struct pools *pools;
static struct pool *pool;
static struct limits limits;
static struct budget budget;
static struct shared shared = { .limits = &limits, .budget = &budget };
static struct loop *loop;
static struct wire said, want;

static int setup(void **state)
{
	(void)state;
	log_level = LOG_ERROR;
	pools = lend(PAGES);
	pool = add_revocable(pools, "p", PAGES, false);
	late = calloc(1, sizeof *late);
	assert_non_null(late);
	late->store = (struct store){ .ops = &store_late, .head = pool->store->head };
	late->flat = pool->store;
	pthread_mutex_init(&late->lock, NULL);
	LIST_INIT(&late->waiting);
	pool->store = &late->store;
	limits_init(&limits, 100, 100, 100);
	shared.backend = door_to(pools);
	loop = serve_new(ev_loop_new(EVFLAG_AUTO), &shared);
	return loop ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	loop_free(loop);
	assert_int_equal(waiting(), 0);
	assert_int_equal(limits.slots, 0);
	assert_true(pool_idle(pool));
	limits_free(&limits);
	lend_no_more(pools);
	wire_free(&said);
	wire_free(&want);
	return 0;
}

static void turn(void)
{
	for (int i = 0; i < 50; i++)
		ev_run(loop->ev, EVRUN_NOWAIT);
}

/* A client's end of a connection to NAME. */
static int opened(const char *name)
{
	uint8_t info[200];
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	loop_adopt(loop, (struct accepted){ fd[0], limits_enter(&limits, fd[0], "here") });
	say(&said, 4, 3);
	say_open(&said, 7, name, 0, NULL);
	assert_int_equal(send(fd[1], said.byte, said.len, MSG_NOSIGNAL), said.len);
	said.len = 0;
	turn();
	assert_int_equal(recv(fd[1], info, sizeof info, 0), 18 + 32 + 34 + 20);
	return fd[1];
}

/* What was said is on its way. */
static void go(int fd)
{
	assert_int_equal(send(fd, said.byte, said.len, MSG_NOSIGNAL), said.len);
	said.len = 0;
	turn();
}

static void heard(int fd)
{
	static uint8_t got[1 << 20];

	turn();
	ssize_t n = recv(fd, got, sizeof got, 0);
	assert_int_equal(n, want.len ? (ssize_t)want.len : -1);
	if (want.len)
		assert_memory_equal(got, want.byte, want.len);
	want.len = 0;
}

static void is_gone(int fd)
{
	uint8_t byte;

	turn();
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	assert_true(LIST_EMPTY(&loop->conns));
	assert_int_equal(waiting(), 0);
	close(fd);
}

/* A page of PAGE's own bytes. */
static const uint8_t *bytes_of(uint64_t page)
{
	static uint8_t data[PAGE_BYTES];

	fill(data, sizeof data, page + 1);
	return data;
}

static void put_pages(int fd, uint64_t first, uint64_t n)
{
	for (uint64_t page = first; page < first + n; page++) {
		say_request(&said, 0, 1, page, PAGE(page), PAGE_BYTES);
		say_bytes(&said, bytes_of(page), PAGE_BYTES);
		say_simple(&want, 0, page);
	}
	go(fd);
	heard(fd);
}

static void say_read(uint64_t cookie, uint64_t page, uint64_t n)
{
	say_request(&said, 0, 0, cookie, PAGE(page), (uint32_t)PAGE(n));
}

static void want_read(uint64_t cookie, uint64_t page, uint64_t n)
{
	say_simple(&want, 0, cookie);
	for (uint64_t i = page; i < page + n; i++)
		say_bytes(&want, bytes_of(i), PAGE_BYTES);
}

/* One that has asked for page 3, which is there and not at hand. */
static int waits_for_3(const char *name)
{
	int fd = opened(name);

	put_pages(fd, 3, 1);
	say_read(100, 3, 1);
	go(fd);
	heard(fd);
	assert_int_equal(waiting(), 1);
	return fd;
}

TEST(the_reply_comes_when_the_bytes_do)
{
	int fd = waits_for_3("p");

	arrive(4);
	heard(fd);
	arrive(3);
	want_read(100, 3, 1);
	heard(fd);
	assert_int_equal(waiting(), 0);
	say_read(101, 3, 1); /* at hand now */
	want_read(101, 3, 1);
	go(fd);
	heard(fd);
	assert_int_equal(late->asked[3], 1);
	close(fd);
}

/* It is not asked again and again, and it costs no turn of the loop. */
TEST(who_waits_does_nothing)
{
	int fd = waits_for_3("p");

	assert_int_equal(late->asked[3], 1);
	turn();
	turn();
	assert_int_equal(late->asked[3], 1);
	const struct conn *c = LIST_FIRST(&loop->conns);
	assert_false(ev_is_active(&c->writable)); /* that would come round and round */
	assert_true(ev_is_active(&c->readable));
	assert_false(c->stuck);
	close(fd);
}

/* Their replies keep their order, and what is to be carried out is. */
TEST(requests_behind_it)
{
	int fd = waits_for_3("p");

	say_read(101, 10, 1);
	say_request(&said, 0, 1, 102, PAGE(5), PAGE_BYTES);
	say_bytes(&said, bytes_of(5), PAGE_BYTES);
	say_read(103, 5, 1);
	go(fd);
	heard(fd);
	assert_true(late_present(pool->store, 5));
	arrive(3);
	want_read(100, 3, 1);
	say_simple(&want, 0, 101);
	for (unsigned i = 0; i < PAGE_BYTES; i++)
		say(&want, 1, 0);
	say_simple(&want, 0, 102);
	heard(fd);
	assert_int_equal(waiting(), 1);
	arrive(5);
	want_read(103, 5, 1);
	heard(fd);
	close(fd);
}

TEST(some_of_a_read_is_at_hand)
{
	int fd = opened("p");

	put_pages(fd, 3, 4);
	arrive(3);
	arrive(4);
	arrive(6);
	say_read(100, 3, 4);
	say_read(101, 3, 1);
	go(fd);
	want_read(100, 3, 2);
	heard(fd);
	arrive(5);
	for (uint64_t page = 5; page < 7; page++)
		say_bytes(&want, bytes_of(page), PAGE_BYTES);
	want_read(101, 3, 1);
	heard(fd);
	close(fd);
}

TEST(the_connection_is_cut_meanwhile)
{
	int fd = waits_for_3("p");

	close(fd);
	turn();
	assert_true(LIST_EMPTY(&loop->conns));
	assert_int_equal(waiting(), 0);
	assert_true(pool_idle(pool));
	arrive(3);
	turn();
}

/* The call is on its way to the loop when the connection goes. */
TEST(the_connection_is_cut_when_they_come)
{
	int fd = waits_for_3("p");

	arrive(3);
	assert_false(TAILQ_EMPTY(&loop->calls));
	conn_free(LIST_FIRST(&loop->conns));
	assert_true(TAILQ_EMPTY(&loop->calls));
	turn();
	close(fd);
	late->here[3] = false;
	fd = waits_for_3("p?claim=a");
	arrive(3);
	loop_free(loop);
	loop = serve_new(ev_loop_new(EVFLAG_AUTO), &shared);
	assert_int_equal(waiting(), 0);
	close(fd);
}

TEST(another_claims_the_pool_meanwhile)
{
	int fd = waits_for_3("p?claim=a");
	struct body *b = body("claimer");
	char words[WORDS_MAX];

	assert_int_equal(member_claim(&b->m, pool, "a", false, words), 0);
	is_gone(fd);
	arrive(3);
	turn();
	gone(b);
}

TEST(the_page_is_dropped_meanwhile)
{
	int fd = waits_for_3("p");

	overdue(pools, 1);
	assert_int_equal(vacate_drop(pools, 10), 1);
	say_simple(&want, 5, 100);
	heard(fd);
	assert_int_equal(waiting(), 0);
	put_pages(fd, 3, 1);
	arrive(3);
	say_read(101, 3, 1);
	want_read(101, 3, 1);
	go(fd);
	heard(fd);
	close(fd);
}

/* Nobody can be told any more that the rest does not come. */
TEST(the_rest_of_a_read_is_dropped_meanwhile)
{
	int fd = opened("p");

	put_pages(fd, 3, 2);
	arrive(3);
	say_read(100, 3, 2);
	go(fd);
	want_read(100, 3, 1);
	heard(fd);
	overdue(pools, 1);
	assert_int_equal(vacate_drop(pools, 1), 1);
	is_gone(fd);
}

TEST(the_page_is_flushed_meanwhile)
{
	int fd = waits_for_3("p"), other = opened("p");

	say_request(&said, 0, 4, 7, PAGE(3), PAGE_BYTES);
	say_simple(&want, 0, 7);
	go(other);
	heard(other);
	say_simple(&want, 0, 100);
	for (unsigned i = 0; i < PAGE_BYTES; i++)
		say(&want, 1, 0);
	heard(fd);
	close(fd);
	close(other);
}

TEST(counting_pages_fetches_none)
{
	int fd = opened("p");

	put_pages(fd, 3, 2);
	vacate_ask(pools, 1);
	assert_int_equal(vacate_asked(pools), 1);
	assert_int_equal(late->asked[3] + late->asked[4], 0);
	close(fd);
}

static void *arrive_elsewhere(void *page)
{
	arrive((uintptr_t)page);
	return NULL;
}

TEST(they_come_in_another_thread)
{
	int fd = opened("p");

	for (uint64_t page = 0; page < PAGES; page += 8)
		put_pages(fd, page, 8);
	for (uintptr_t page = 0; page < PAGES; page++) {
		pthread_t thread;
		uint8_t got[16 + PAGE_BYTES];
		ssize_t n;

		assert_int_equal(pthread_create(&thread, NULL, arrive_elsewhere, (void *)page), 0);
		say_read(page, page, 1);
		assert_int_equal(send(fd, said.byte, said.len, MSG_NOSIGNAL), said.len);
		said.len = 0;
		while ((n = recv(fd, got, sizeof got, 0)) < 0)
			ev_run(loop->ev, EVRUN_NOWAIT);
		assert_int_equal(n, sizeof got);
		assert_memory_equal(got + 16, bytes_of(page), PAGE_BYTES);
		pthread_join(thread, NULL);
	}
	close(fd);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(the_reply_comes_when_the_bytes_do),
		T(who_waits_does_nothing),
		T(requests_behind_it),
		T(some_of_a_read_is_at_hand),
		T(the_connection_is_cut_meanwhile),
		T(the_connection_is_cut_when_they_come),
		T(another_claims_the_pool_meanwhile),
		T(the_page_is_dropped_meanwhile),
		T(the_rest_of_a_read_is_dropped_meanwhile),
		T(the_page_is_flushed_meanwhile),
		T(counting_pages_fetches_none),
		T(they_come_in_another_thread),
	};

	return cmocka_run_group_tests_name("a store that answers later", tests, NULL, NULL);
}
