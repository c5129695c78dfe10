/* SPDX-License-Identifier: BSD-2-Clause */
#include "probe.h"

#include <errno.h>
#include <string.h>

#include "clock.h"
#include "link_nbd.h"
#include "standard.h"

#define PROBE_MS 1000

void probe_close(struct probe *q)
{
	struct nbd_handle *nbd = q->nbd;

	q->nbd = NULL;
	nbd_close(nbd);
}

static int fail(struct probe *q, const char *words)
{
	words_print(q->words, "%s", words);
	probe_close(q);
	return -1;
}

/* One step; -1 with words when there are no more. */
static int step(struct probe *q, int64_t end)
{
	struct pollfd p[2] = { link_nbd_poll(q->nbd), { .fd = q->stop, .events = POLLIN } };
	int64_t left = end - clock_ms();

	if (nbd_aio_is_dead(q->nbd) || nbd_aio_is_closed(q->nbd))
		return fail(q, link_nbd_error());
	if (left <= 0)
		return fail(q, "it does not answer");
	if (poll(p, 2, (int)left) < 0 && errno != EINTR)
		return fail(q, strerrordesc_np(errno));
	if (p[1].revents)
		return fail(q, "this process ends");
	if (p[0].revents)
		link_nbd_notify(q->nbd, p[0].revents);
	return 0;
}

static int configure(struct probe *q, const struct endpoint *e, const char *pool,
                     const struct link_proof *proof)
{
	return !q->nbd || link_nbd_prove(q->nbd, proof->psk, proof->username) < 0 ||
	       nbd_set_export_name(q->nbd, pool) < 0 ||
	       nbd_set_full_info(q->nbd, true) < 0 ||
	       nbd_add_meta_context(q->nbd, PROBE_CONTEXT) < 0 ||
	       nbd_aio_connect(q->nbd, (const struct sockaddr *)&e->sockaddr, e->len) < 0 ? -1 : 0;
}

static int open_at(struct probe *q, const struct endpoint *e, const char *pool,
                   const struct link_proof *proof)
{
	int64_t end = clock_ms() + PROBE_MS;
	char identity[IDENTITY_MAX];

	standard_fill(); /* the program may have closed one since */
	q->nbd = nbd_create();
	if (configure(q, e, pool, proof) < 0)
		return fail(q, link_nbd_error());
	while (!nbd_aio_is_ready(q->nbd))
		if (step(q, end) < 0)
			return -1;
	if (!link_nbd_identity(q->nbd, identity))
		return fail(q, "it is an NBD server, but not a farpaged");
	return 0;
}

int probe_open(struct probe *q, const struct address *address, const char *pool,
               const struct link_proof *proof)
{
	for (unsigned at = 0; at < address->endpoints; at++)
		if (open_at(q, &address->endpoint[at], pool, proof) == 0)
			return 0;
	if (!address->endpoints)
		address_say_unknown(address, q->words);
	return -1;
}

void probe_identity(struct probe *q, char identity[static IDENTITY_MAX])
{
	if (!link_nbd_identity(q->nbd, identity))
		*identity = '\0';
}

static int on_extent(void *user, const char *context, uint64_t offset, uint32_t *entries,
                     size_t n, int *error)
{
	struct probe *q = user;

	(void)offset, (void)error;
	if (n >= 2 && strcmp(context, PROBE_CONTEXT) == 0)
		q->wants = entries[1] & PROBE_WANTED;
	return 0;
}

static int on_answer(void *user, int *error)
{
	struct probe *q = user;

	q->answered = true;
	q->error = *error;
	return 1;
}

/* Is PAGE wanted back? -1: words. */
static int ask_page(struct probe *q, uint64_t page)
{
	const nbd_extent_callback extent = { .callback = on_extent, .user_data = q };
	const nbd_completion_callback done = { .callback = on_answer, .user_data = q };
	int64_t end = clock_ms() + PROBE_MS;

	q->answered = q->wants = false;
	if (nbd_aio_block_status(q->nbd, PAGE_BYTES, page * PAGE_BYTES, extent, done, 0) < 0)
		return fail(q, link_nbd_error());
	while (!q->answered)
		if (step(q, end) < 0)
			return -1;
	return q->error ? fail(q, strerrordesc_np(q->error)) : q->wants;
}

/* What is wanted is all from some page on, so the last page of an extent tells of the
 * extents before it. */
int probe_ask(struct probe *q, uint64_t *page)
{
	int64_t size = nbd_get_size(q->nbd);
	uint64_t pages = size < 0 ? 0 : (uint64_t)size / PAGE_BYTES, first = 0, last;
	int wanted;

	if (!pages || nbd_can_meta_context(q->nbd, PROBE_CONTEXT) <= 0) {
		*page = UINT64_MAX; /* it never wants anything */
		return 0;
	}
	last = (pages - 1) / EXTENT_PAGES;
	wanted = ask_page(q, pages - 1);
	if (wanted < 0)
		return -1;
	if (!wanted)
		first = last + 1;
	while (first < last) {
		uint64_t middle = (first + last) / 2;

		wanted = ask_page(q, middle * EXTENT_PAGES + EXTENT_PAGES - 1);
		if (wanted < 0)
			return -1;
		if (wanted)
			last = middle;
		else
			first = middle + 1;
	}
	*page = first <= last ? last * EXTENT_PAGES : UINT64_MAX;
	return 0;
}
