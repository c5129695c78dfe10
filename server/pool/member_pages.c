/* SPDX-License-Identifier: BSD-2-Clause */
/* What members do to pages. */
#include "member.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "dropped.h"
#include "pages.h"

static const uint8_t zeros[PAGE_BYTES];

/* Nobody else counts it. */
static void count(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
	                      memory_order_relaxed);
}

static void one_more(_Atomic uint64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static bool is_dropped(const struct pool *pool, uint64_t page)
{
	return pool->dropped && dropped_find(pool->dropped, page, page + 1) == page;
}

/* Most data that is something else is so in its first bytes. */
static bool is_zero(const uint8_t *data, size_t len)
{
	uint64_t first = 0;

	memcpy(&first, data, len < sizeof first ? len : sizeof first);
	return !first && memcmp(data, zeros, len) == 0;
}

/* DATA that is NULL is zeros, and the page is there then. */
static int put_page(struct member *m, uint64_t page, size_t offset, size_t len,
                    const uint8_t *data)
{
	struct pool *pool = m->pool;
	bool was_dropped = is_dropped(pool, page), zero = data && is_zero(data, len);
	bool there = pool->store->ops->present(pool->store, page);

	if (was_dropped && len < PAGE_BYTES) {
		errno = EIO;
		return -1;
	}
	if ((there || !zero) &&
	    pages_put(pool, page, there, offset, len, data ? data : zeros) < 0)
		return -1;
	m->client.zeros |= there && zero;
	if (was_dropped)
		dropped_clear(pool->dropped, page, page + 1);
	return 0;
}

/* May M write, also now that it is in the middle of it? A plain member that
 * does breaks the owner's sight of its pages. */
static bool may_write(struct member *m)
{
	if (m->client.read_only) {
		errno = EPERM;
		return false;
	}
	if (!m->owner) {
		atomic_store_explicit(pool_foreign(m->pool), 1, memory_order_relaxed);
		m->client.has_pages = true;
	}
	return true;
}

static int put_pages(struct member *m, uint64_t offset, size_t len, const uint8_t *data)
{
	uint64_t written = 0;
	int r = 0;

	if (!may_write(m))
		return -1;
	while (len) {
		size_t in_page = offset % PAGE_BYTES;
		size_t n = PAGE_BYTES - in_page < len ? PAGE_BYTES - in_page : len;

		if (put_page(m, offset >> PAGE_SHIFT, in_page, n, data) == 0) {
			written += n;
		} else {
			r = -1;
			count(&m->counts.refused_pages, 1);
		}
		offset += n;
		data = data ? data + n : NULL;
		len -= n;
	}
	count(&m->counts.written_bytes, written);
	return r;
}

int member_put(struct member *m, uint64_t offset, size_t len, const uint8_t *data)
{
	return put_pages(m, offset, len, data);
}

int member_fill(struct member *m, uint64_t offset, size_t len)
{
	return put_pages(m, offset, len, NULL);
}

/* The pages that OFFSET and LEN touch. */
static uint64_t page_behind(uint64_t offset, size_t len)
{
	return (offset + len + PAGE_BYTES - 1) >> PAGE_SHIFT;
}

/* A run of pages from the one on that holds OFFSET: how much of LEN it covers. */
static size_t covered(uint64_t offset, size_t len, uint64_t run)
{
	size_t n = (size_t)(run << PAGE_SHIFT) - offset % PAGE_BYTES;

	return n < len ? n : len;
}

/* In this order, see dropped.h. */
static uint64_t lost_from(const struct pool *pool, uint64_t page, uint64_t end)
{
	return pool->dropped ? dropped_find(pool->dropped, page, end) : end;
}

enum backend_got member_look(struct member *m, uint64_t offset, size_t *len)
{
	struct pool *pool = m->pool;
	uint64_t page = offset >> PAGE_SHIFT, end = lost_from(pool, page, page_behind(offset, *len));
	uint64_t run = 1;
	bool there;

	if (end > page)
		run = pool->store->ops->run(pool->store, page, end - page, &there);
	*len = covered(offset, *len, run);
	return end == page ? GOT_LOST : there ? GOT_DATA : GOT_HOLE;
}

enum backend_got member_get(struct member *m, uint64_t offset, size_t *len,
                           const uint8_t **data)
{
	struct pool *pool = m->pool;
	uint64_t page = offset >> PAGE_SHIFT, end = lost_from(pool, page, page_behind(offset, *len)), run;

	*data = NULL;
	if (end == page) {
		*len = covered(offset, *len, 1);
		return GOT_LOST;
	}
	*data = pool->store->ops->get(pool->store, page, end - page, &run);
	if (!*data && run == 0)
		return GOT_LATER;
	*len = covered(offset, *len, run);
	if (!*data)
		return GOT_HOLE;
	*data += offset % PAGE_BYTES;
	return GOT_DATA;
}

static void ready(struct store_wait *w)
{
	struct member *m = (struct member *)((char *)w - offsetof(struct member, wait));

	m->client.wake(&m->client);
}

void member_forget(struct member *m)
{
	if (m->waits)
		m->pool->store->ops->forget(m->pool->store, &m->wait);
	m->waits = false;
}

bool member_wait(struct member *m, uint64_t offset)
{
	struct store *store = m->pool->store;

	member_forget(m);
	m->wait.ready = ready;
	m->waits = store->ops->wait(store, offset >> PAGE_SHIFT, &m->wait);
	return m->waits;
}

void member_reads(struct member *m, uint64_t bytes)
{
	count(&m->counts.read_bytes, bytes);
}

bool member_dropped(const struct member *m, uint64_t offset, size_t len)
{
	const struct dropped *dropped = m->pool->dropped;
	uint64_t end = page_behind(offset, len);

	if (!dropped || dropped_find(dropped, offset >> PAGE_SHIFT, end) == end)
		return false;
	one_more(&m->pool->pools->counts.reads_dropped);
	return true;
}

uint64_t member_vacate(const struct member *m)
{
	uint64_t from = m->pool->vacate.from;

	return from > UINT64_MAX >> PAGE_SHIFT ? UINT64_MAX : from << PAGE_SHIFT;
}

/* Zero the part of a page from OFFSET up to END; an absent page is zero. -1: it is
 * dropped. */
static int zero_part(struct pool *pool, uint64_t offset, uint64_t end)
{
	struct store *store = pool->store;

	if (is_dropped(pool, offset >> PAGE_SHIFT))
		return -1;
	if (store->ops->present(store, offset >> PAGE_SHIFT))
		store->ops->put(store, offset >> PAGE_SHIFT, offset % PAGE_BYTES,
		                end - offset, zeros);
	return 0;
}

/* Pages freed, or -1: a part of a dropped page was to be zeroed. */
static int64_t discard_some(struct pool *pool, uint64_t *offset, uint64_t end,
                          uint64_t max)
{
	uint64_t first = (*offset + PAGE_BYTES - 1) >> PAGE_SHIFT;
	uint64_t last = end >> PAGE_SHIFT;
	int64_t freed = 0;
	int r = 0;

	if (first > last) { /* inside one page */
		r = zero_part(pool, *offset, end);
		*offset = end;
		return r;
	}
	if (*offset % PAGE_BYTES)
		r = zero_part(pool, *offset, first << PAGE_SHIFT);
	if (first < last)
		freed = (int64_t)pages_discard(pool, &first, last, max);
	*offset = first << PAGE_SHIFT;
	if (first == last && end % PAGE_BYTES) {
		r |= zero_part(pool, *offset, end);
		*offset = end;
	}
	return r < 0 ? -1 : freed;
}

int64_t member_discard(struct member *m, uint64_t *offset, uint64_t end, uint64_t max)
{
	struct pool *pool = m->pool;
	int64_t freed = -1;

	pthread_rwlock_wrlock(&pool->lock);
	if (m->epoch != pool->epoch)
		errno = ESTALE;
	else if (may_write(m) && (freed = discard_some(pool, offset, end, max)) < 0)
		errno = EIO;
	pthread_rwlock_unlock(&pool->lock);
	if (freed > 0)
		count(&m->counts.flushed_pages, (uint64_t)freed);
	return freed;
}

/* The pages from PAGE on, MAX at most, that are there and all zeros. */
static uint64_t zero_run(struct pool *pool, uint64_t page, uint64_t max)
{
	uint64_t run, n = 0;
	const uint8_t *data = pool->store->ops->get(pool->store, page, max, &run);

	while (data && n < run && is_zero(data + (n << PAGE_SHIFT), PAGE_BYTES))
		n++;
	return n;
}

static void settle_pages(struct pool *pool, uint64_t page, uint64_t end)
{
	while (page < end) {
		uint64_t n = zero_run(pool, page, end - page), behind = page + n;

		while (page < behind)
			pages_discard(pool, &page, behind, behind - page);
		page++; /* this one is absent, or something else */
	}
}

int64_t member_settle(struct member *m, uint64_t *offset, uint64_t end, uint64_t max)
{
	uint64_t page = *offset >> PAGE_SHIFT, last = (end + PAGE_BYTES - 1) >> PAGE_SHIFT;
	struct pool *pool = m->pool;
	int64_t r = -1;

	if (last - page > max)
		last = page + max;
	pthread_rwlock_wrlock(&pool->lock);
	if (m->epoch != pool->epoch) {
		errno = ESTALE;
	} else {
		settle_pages(pool, page, last);
		*offset = last << PAGE_SHIFT < end ? last << PAGE_SHIFT : end;
		r = (int64_t)(last - page);
	}
	pthread_rwlock_unlock(&pool->lock);
	return r;
}
