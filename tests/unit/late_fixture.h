/* SPDX-License-Identifier: BSD-2-Clause */
/* A store whose pages are late, and a connection to a pool of it. */
#ifndef FARPAGE_LATE_FIXTURE_H
#define FARPAGE_LATE_FIXTURE_H

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
static inline void tell(struct late *l, uint64_t page, uint64_t end)
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

static inline void arrive(uint64_t page)
{
	pthread_mutex_lock(&late->lock);
	late->here[page] = true;
	tell(late, page, page + 1);
	pthread_mutex_unlock(&late->lock);
}

static inline unsigned waiting(void)
{
	struct store_wait *w;
	unsigned n = 0;

	pthread_mutex_lock(&late->lock);
	LIST_FOREACH(w, &late->waiting, link)
		n++;
	pthread_mutex_unlock(&late->lock);
	return n;
}

static inline int late_put(struct store *s, uint64_t page, size_t offset, size_t len, const uint8_t *data)
{
	return flat_of(s)->ops->put(flat_of(s), page, offset, len, data);
}

static inline uint64_t late_run(const struct store *s, uint64_t page, uint64_t max, bool *there)
{
	return flat_of(s)->ops->run(flat_of(s), page, max, there);
}

static inline const uint8_t *late_get(struct store *s, uint64_t page, uint64_t max, uint64_t *run)
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

static inline bool late_wait(struct store *s, uint64_t page, struct store_wait *w)
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

static inline void late_forget(struct store *s, struct store_wait *w)
{
	struct late *l = (struct late *)s;

	pthread_mutex_lock(&l->lock);
	if (w->link.le_prev)
		LIST_REMOVE(w, link);
	w->link.le_prev = NULL;
	pthread_mutex_unlock(&l->lock);
}

static inline uint64_t late_discard(struct store *s, uint64_t *page, uint64_t end, uint64_t max)
{
	struct late *l = (struct late *)s;
	uint64_t first = *page, freed = flat_of(s)->ops->discard(flat_of(s), page, end, max);

	pthread_mutex_lock(&l->lock);
	for (uint64_t i = first; i < *page; i++)
		l->here[i] = false;
	tell(l, first, *page);
	pthread_mutex_unlock(&l->lock);
	return freed;
}

static inline bool late_present(const struct store *s, uint64_t page)
{
	return flat_of(s)->ops->present(flat_of(s), page);
}

static inline void late_close(struct store *s)
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
	.discard = late_discard,
	.present = late_present,
};

static struct pools *pools;
static struct pool *pool;
static struct limits limits;
static struct budget budget;
static struct shared shared = { .limits = &limits, .budget = &budget };
static struct loop *loop;
static struct wire said, want;

static inline int setup(void **state)
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

static inline int teardown(void **state)
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

static inline void turn(void)
{
	for (int i = 0; i < 50; i++)
		ev_run(loop->ev, EVRUN_NOWAIT);
}

/* A client's end of a connection to NAME. */
static inline int opened(const char *name)
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
static inline void go(int fd)
{
	assert_int_equal(send(fd, said.byte, said.len, MSG_NOSIGNAL), said.len);
	said.len = 0;
	turn();
}

static inline void heard(int fd)
{
	static uint8_t got[1 << 20];

	turn();
	ssize_t n = recv(fd, got, sizeof got, 0);
	assert_int_equal(n, want.len ? (ssize_t)want.len : -1);
	if (want.len)
		assert_memory_equal(got, want.byte, want.len);
	want.len = 0;
}

static inline void is_gone(int fd)
{
	uint8_t byte;

	turn();
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	assert_true(LIST_EMPTY(&loop->conns));
	assert_int_equal(waiting(), 0);
	close(fd);
}

/* A page of PAGE's own bytes. */
static inline const uint8_t *bytes_of(uint64_t page)
{
	static uint8_t data[PAGE_BYTES];

	fill(data, sizeof data, page + 1);
	return data;
}

static inline void put_pages(int fd, uint64_t first, uint64_t n)
{
	for (uint64_t page = first; page < first + n; page++) {
		say_request(&said, 0, 1, page, PAGE(page), PAGE_BYTES);
		say_bytes(&said, bytes_of(page), PAGE_BYTES);
		say_simple(&want, 0, page);
	}
	go(fd);
	heard(fd);
}

static inline void say_read(uint64_t cookie, uint64_t page, uint64_t n)
{
	say_request(&said, 0, 0, cookie, PAGE(page), (uint32_t)PAGE(n));
}

static inline void want_read(uint64_t cookie, uint64_t page, uint64_t n)
{
	say_simple(&want, 0, cookie);
	for (uint64_t i = page; i < page + n; i++)
		say_bytes(&want, bytes_of(i), PAGE_BYTES);
}

/* One that has asked for page 3, which is there and not at hand. */
static inline int waits_for_3(const char *name)
{
	int fd = opened(name);

	put_pages(fd, 3, 1);
	say_read(100, 3, 1);
	go(fd);
	heard(fd);
	assert_int_equal(waiting(), 1);
	return fd;
}

#endif
