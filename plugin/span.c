/* SPDX-License-Identifier: BSD-2-Clause */
#include "span.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "farpage.h"

#define PAGE_BYTES FARPAGE_PAGE_BYTES

/* Held from the get to the put of a page that changes in part, so that two
 * such changes of one page do not undo each other. */
static pthread_mutex_t part_lock = PTHREAD_MUTEX_INITIALIZER;

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

static int get_part(struct farpage *f, uint8_t *data, uint32_t count, uint64_t offset)
{
	uint8_t page[PAGE_BYTES];

	if (farpage_get(f, offset / PAGE_BYTES, 1, page) < 0)
		return -1;
	memcpy(data, page + offset % PAGE_BYTES, count);
	return 0;
}

/* DATA NULL: zeros. */
static int put_part(struct farpage *f, const uint8_t *data, uint32_t count,
                    uint64_t offset)
{
	uint8_t page[PAGE_BYTES];
	int r, e;

	pthread_mutex_lock(&part_lock);
	r = farpage_get(f, offset / PAGE_BYTES, 1, page);
	if (r == 0) {
		if (data)
			memcpy(page + offset % PAGE_BYTES, data, count);
		else
			memset(page + offset % PAGE_BYTES, 0, count);
		r = farpage_put(f, offset / PAGE_BYTES, 1, page);
	}
	e = errno;
	pthread_mutex_unlock(&part_lock);
	errno = e;
	return r;
}

int span_get(struct farpage *f, uint8_t *data, uint32_t count, uint64_t offset)
{
	struct cut c = cut(count, offset);

	if (c.head && get_part(f, data, c.head, offset) < 0)
		return -1;
	data += c.head;
	offset += c.head;
	if (c.middle && farpage_get(f, offset / PAGE_BYTES, c.middle / PAGE_BYTES, data) < 0)
		return -1;
	return c.tail ? get_part(f, data + c.middle, c.tail, offset + c.middle) : 0;
}

int span_put(struct farpage *f, const uint8_t *data, uint32_t count, uint64_t offset)
{
	struct cut c = cut(count, offset);

	if (c.head && put_part(f, data, c.head, offset) < 0)
		return -1;
	data += c.head;
	offset += c.head;
	if (c.middle && farpage_put(f, offset / PAGE_BYTES, c.middle / PAGE_BYTES, data) < 0)
		return -1;
	return c.tail ? put_part(f, data + c.middle, c.tail, offset + c.middle) : 0;
}

int span_flush(struct farpage *f, uint32_t count, uint64_t offset)
{
	struct cut c = cut(count, offset);

	if (c.head && put_part(f, NULL, c.head, offset) < 0)
		return -1;
	offset += c.head;
	if (c.middle && farpage_flush(f, offset / PAGE_BYTES, c.middle / PAGE_BYTES) < 0)
		return -1;
	return c.tail ? put_part(f, NULL, c.tail, offset + c.middle) : 0;
}
