/* SPDX-License-Identifier: BSD-2-Clause */
/* The embedded default: the lender's page store, in this process. It cannot
 * be cut off, so it is up from the start and answers at once. */
#include "link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

struct link_store {
	struct link link;
	struct store *store;
	uint64_t pages;
};

static void nothing(struct link *l)
{
	(void)l;
}

static void connect_store(struct link *l)
{
	l->upcalls->up(l, "embedded", ((struct link_store *)l)->pages);
}

static int put(struct store *store, const struct ask *ask)
{
	for (uint64_t i = 0; i < ask->pages; i++)
		if (store->ops->put(store, ask->page + i, 0, PAGE_BYTES,
		                    ask->data + i * PAGE_BYTES) < 0)
			return errno;
	return 0;
}

static void get(struct store *store, const struct ask *ask)
{
	uint64_t run;

	for (uint64_t i = 0; i < ask->pages; i += run) {
		const uint8_t *data = store->ops->get(store, ask->page + i,
		                                      ask->pages - i, &run);
		if (data)
			memcpy(ask->data + i * PAGE_BYTES, data, run * PAGE_BYTES);
		else
			memset(ask->data + i * PAGE_BYTES, 0, run * PAGE_BYTES);
	}
}

static void send_store(struct link *l, struct ask *ask)
{
	struct store *store = ((struct link_store *)l)->store;
	uint64_t page = ask->page;
	int error = 0;

	switch (ask->kind) {
	case ASK_PUT:
		error = put(store, ask);
		break;
	case ASK_GET:
		get(store, ask);
		break;
	case ASK_DISCARD:
		while (page < ask->page + ask->pages)
			store->ops->discard(store, &page, ask->page + ask->pages, ask->pages);
		break;
	}
	l->upcalls->reply(l, ask, error);
}

static struct pollfd no_interest(struct link *l)
{
	(void)l;
	return (struct pollfd){ .fd = -1 };
}

static void no_notify(struct link *l, short revents)
{
	(void)l, (void)revents;
}

static bool free_store(struct link *l)
{
	struct link_store *s = (struct link_store *)l;

	s->store->ops->close(s->store);
	free(s);
	return true;
}

static const struct link_ops ops = {
	.connect = connect_store,
	.close = nothing,
	.send = send_store,
	.send_queued = nothing,
	.interest = no_interest,
	.notify = no_notify,
	.free = free_store,
};

struct link *link_store(uint64_t pages)
{
	struct link_store *s = calloc(1, sizeof *s);
	bool locked;

	if (!s)
		return NULL;
	s->link.ops = &ops;
	strcpy(s->link.name, "this process");
	s->pages = pages;
	s->store = store_flat.open(-1, pages, &locked);
	if (!s->store) {
		int e = errno;
		free(s);
		errno = e;
		return NULL;
	}
	return &s->link;
}
