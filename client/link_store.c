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
	uint64_t size;
};

static void no_close(struct link *l)
{
	(void)l;
}

static void connect_store(struct link *l)
{
	l->upcalls->up(l->owner, "embedded", ((struct link_store *)l)->size);
}

static int put(struct store *store, const struct op *op)
{
	for (uint64_t i = 0; i < op->pages; i++)
		if (store->ops->put(store, op->page + i, 0, PAGE_SIZE,
		                    op->data + i * PAGE_SIZE) < 0)
			return errno;
	return 0;
}

static void get(struct store *store, const struct op *op)
{
	uint64_t run;

	for (uint64_t i = 0; i < op->pages; i += run) {
		const uint8_t *data = store->ops->get(store, op->page + i,
		                                      op->pages - i, &run);
		if (data)
			memcpy(op->data + i * PAGE_SIZE, data, run * PAGE_SIZE);
		else
			memset(op->data + i * PAGE_SIZE, 0, run * PAGE_SIZE);
	}
}

static void send_store(struct link *l, struct op *op)
{
	struct store *store = ((struct link_store *)l)->store;
	uint64_t page = op->page;
	int error = 0;

	switch (op->kind) {
	case OP_PUT:
		error = put(store, op);
		break;
	case OP_GET:
		get(store, op);
		break;
	case OP_FLUSH:
		while (page < op->page + op->pages)
			store->ops->flush(store, &page, op->page + op->pages, op->pages);
		break;
	}
	l->upcalls->reply(l->owner, op, error);
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

static void free_store(struct link *l)
{
	struct link_store *s = (struct link_store *)l;

	s->store->ops->close(s->store);
	free(s);
}

static const struct link_ops ops = {
	.connect = connect_store,
	.close = no_close,
	.send = send_store,
	.interest = no_interest,
	.notify = no_notify,
	.free = free_store,
};

struct link *link_store(uint64_t size)
{
	struct link_store *s = calloc(1, sizeof *s);
	bool locked;

	if (!s)
		return NULL;
	s->link.ops = &ops;
	s->size = size;
	s->store = store_flat.open(-1, size >> PAGE_SHIFT, &locked);
	if (!s->store) {
		int e = errno;
		free(s);
		errno = e;
		return NULL;
	}
	return &s->link;
}
