/* SPDX-License-Identifier: BSD-2-Clause */
/* A fake libfarpage: an array, which aborts when it is called as the test does not expect. */
#ifndef FARPAGE_SPAN_FIXTURE_H
#define FARPAGE_SPAN_FIXTURE_H

#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "farpage.h"
#include "span.h"

#define PAGE  FARPAGE_PAGE_BYTES
#define PAGES 6
#define BYTES (PAGES * PAGE)

enum { GET = 1, PUT = 2, FLUSH = 4 };

static uint8_t pages[BYTES], model[BYTES], out[BYTES + 2], in[BYTES];
static struct farpage *const handle = (struct farpage *)pages;
static unsigned allowed; /* calls that are expected */
static _Atomic unsigned calls; /* how many there were */
static unsigned fails;   /* the one of them that fails, counted from 1 */
static bool yielding;
static _Atomic bool blocking; /* a put does not end */

static inline int call(unsigned which, const struct farpage *f, uint64_t page, uint64_t n)
{
	if (!(allowed & which) || f != handle || n == 0 || page >= PAGES || n > PAGES - page)
		abort();
	if (++calls != fails)
		return 0;
	errno = ENOSPC;
	return -1;
}

/* Of a request, which is one thread's: all calls that it makes have its end. */
static _Thread_local int64_t request_ends;
static int64_t lasts = 20000; /* ms */

int64_t farpage_until(const struct farpage *f)
{
	struct timespec t;

	(void)f;
	clock_gettime(CLOCK_MONOTONIC, &t);
	request_ends = t.tv_sec * 1000 + t.tv_nsec / 1000000 + lasts;
	return request_ends;
}

static inline void is_of_request(int64_t until)
{
	if (until != request_ends)
		abort();
}

int farpage_get_until(struct farpage *f, uint64_t page, uint64_t n, void *data, int64_t until)
{
	int r = call(GET, f, page, n);

	is_of_request(until);
	if (r < 0)
		memset(data, 0xbd, n * PAGE); /* says nothing */
	else
		memcpy(data, pages + page * PAGE, n * PAGE);
	if (yielding)
		usleep(20); /* the others' turn, at the worst moment */
	return r;
}

int farpage_put_until(struct farpage *f, uint64_t page, uint64_t n, const void *data,
                      int64_t until)
{
	int r = call(PUT, f, page, n);

	is_of_request(until);
	while (blocking)
		usleep(100);
	if (r == 0)
		memcpy(pages + page * PAGE, data, n * PAGE);
	return r;
}

int farpage_flush_until(struct farpage *f, uint64_t page, uint64_t n, int64_t until)
{
	int r = call(FLUSH, f, page, n);

	is_of_request(until);
	if (r == 0)
		memset(pages + page * PAGE, 0, n * PAGE);
	return r;
}

static inline void begin(unsigned expected)
{
	allowed = expected;
	calls = fails = 0;
}

static inline int setup(void **state)
{
	(void)state;
	fill(pages, sizeof pages, 1);
	memcpy(model, pages, sizeof model);
	return 0;
}

/* How many calls COUNT bytes at OFFSET need: one for the whole pages in the
 * middle, PART for each page at an end that is covered in part. */

#endif
