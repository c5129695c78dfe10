/* SPDX-License-Identifier: BSD-2-Clause */
#include "span.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/queue.h>

#include "clock.h"
#include "farpage.h"
#include "page.h"

/* A change that is under way, on its thread's stack. A page that changes in
 * part is got, and then put: nobody may change it in between. */
struct change {
	uint64_t first, last; /* pages */
	TAILQ_ENTRY(change) link;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static TAILQ_HEAD(, change) changes = TAILQ_HEAD_INITIALIZER(changes); /* as they came */

static bool must_wait(const struct change *c)
{
	const struct change *older;

	TAILQ_FOREACH(older, &changes, link)
		if (older == c)
			return false;
		else if (older->first <= c->last && c->first <= older->last)
			return true;
	return false;
}

/* Who wakes so much later than it meant to stood still, and with it those that it waits for. */
#define STILL_MS 250

/* False: *UNTIL is over. If it passed while we stood still, there is as much time again. */
static bool sleep_until(const struct farpage *f, int64_t *until)
{
	const struct timespec end = clock_timespec(*until);

	if (pthread_cond_clockwait(&ended, &lock, CLOCK_MONOTONIC, &end) != ETIMEDOUT)
		return true;
	if (clock_ms() - *until < STILL_MS)
		return false;
	*until = farpage_until(f);
	return true;
}

/* Waits for older changes of the same pages only. False: its time was over first. */
static bool span_begin(const struct farpage *f, struct change *c, uint32_t count, uint64_t offset,
                  int64_t *until)
{
	bool mine;

	c->first = offset / PAGE_BYTES;
	c->last = (offset + count - 1) / PAGE_BYTES;
	pthread_mutex_lock(&lock);
	TAILQ_INSERT_TAIL(&changes, c, link);
	while (!(mine = !must_wait(c)))
		if (!sleep_until(f, until))
			break;
	pthread_mutex_unlock(&lock);
	return mine;
}

static void end(struct change *c)
{
	pthread_mutex_lock(&lock);
	TAILQ_REMOVE(&changes, c, link);
	pthread_cond_broadcast(&ended); /* costs nothing while nobody waits */
	pthread_mutex_unlock(&lock);
}

/* COUNT bytes at OFFSET, cut into: bytes of a first page, whole pages, bytes of
 * a last page. */
struct cut {
	uint32_t head, middle, tail; /* bytes */
};

static struct cut cut(uint32_t count, uint64_t offset)
{
	struct cut c = {0};
	uint32_t in_page = (uint32_t)(offset % PAGE_BYTES);

	if (in_page)
		c.head = PAGE_BYTES - in_page < count ? PAGE_BYTES - in_page : count;
	c.tail = (count - c.head) % PAGE_BYTES;
	c.middle = count - c.head - c.tail;
	return c;
}

static int get_part(struct farpage *f, uint8_t *data, uint32_t count, uint64_t offset,
                    int64_t until)
{
	uint8_t page[PAGE_BYTES];

	if (farpage_get_until(f, offset / PAGE_BYTES, 1, page, until) < 0)
		return -1;
	memcpy(data, page + offset % PAGE_BYTES, count);
	return 0;
}

/* DATA NULL: zeros. */
static int put_part(struct farpage *f, const uint8_t *data, uint32_t count,
                    uint64_t offset, int64_t until)
{
	uint8_t page[PAGE_BYTES];

	if (farpage_get_until(f, offset / PAGE_BYTES, 1, page, until) < 0)
		return -1;
	if (data)
		memcpy(page + offset % PAGE_BYTES, data, count);
	else
		memset(page + offset % PAGE_BYTES, 0, count);
	return farpage_put_until(f, offset / PAGE_BYTES, 1, page, until);
}

int span_get(struct farpage *f, uint8_t *data, uint32_t count, uint64_t offset)
{
	int64_t until = farpage_until(f);
	struct cut c = cut(count, offset);

	if (c.head && get_part(f, data, c.head, offset, until) < 0)
		return -1;
	data += c.head;
	offset += c.head;
	if (c.middle &&
	    farpage_get_until(f, offset / PAGE_BYTES, c.middle / PAGE_BYTES, data, until) < 0)
		return -1;
	return c.tail ? get_part(f, data + c.middle, c.tail, offset + c.middle, until) : 0;
}

/* DATA NULL: flush. */
static int change(struct farpage *f, const uint8_t *data, uint32_t count, uint64_t offset,
                  int64_t until)
{
	struct cut c = cut(count, offset);
	uint64_t middle = offset + c.head, page = middle / PAGE_BYTES;
	uint64_t pages = c.middle / PAGE_BYTES;

	if (c.head && put_part(f, data, c.head, offset, until) < 0)
		return -1;
	if (pages && (data ? farpage_put_until(f, page, pages, data + c.head, until)
	                   : farpage_flush_until(f, page, pages, until)) < 0)
		return -1;
	if (!c.tail)
		return 0;
	return put_part(f, data ? data + c.head + c.middle : NULL, c.tail, middle + c.middle, until);
}

static int change_alone(struct farpage *f, const uint8_t *data, uint32_t count,
                        uint64_t offset)
{
	int64_t until = farpage_until(f);
	struct change c;
	int r = -1, error = EIO;

	if (span_begin(f, &c, count, offset, &until)) {
		r = change(f, data, count, offset, until);
		error = errno;
	}
	end(&c);
	errno = error;
	return r;
}

int span_put(struct farpage *f, const uint8_t *data, uint32_t count, uint64_t offset)
{
	return change_alone(f, data, count, offset);
}

int span_flush(struct farpage *f, uint32_t count, uint64_t offset)
{
	return change_alone(f, NULL, count, offset);
}
