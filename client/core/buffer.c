/* SPDX-License-Identifier: BSD-2-Clause */
#include "buffer.h"

#include <assert.h>
#include <stdlib.h>

#include "locked.h"

int buffers_open(struct buffers *b, unsigned n, struct seal *seal)
{
	*b = (struct buffers){ .bytes = n * BUFFER_BYTES };
	TAILQ_INIT(&b->free);
	b->memory = locked_open(b->bytes);
	if (!b->memory)
		goto err;
	b->all = calloc(n, sizeof *b->all);
	if (!b->all)
		goto err;
	while (b->n < n) {
		struct buffer *one = &b->all[b->n];

		one->data = (uint8_t *)b->memory + b->n * BUFFER_BYTES;
		one->sealer = sealer_open(seal);
		if (!one->sealer)
			goto err;
		TAILQ_INSERT_TAIL(&b->free, one, link);
		b->free_n = ++b->n;
	}
	return 0;
err:
	buffers_close(b);
	return -1;
}

void buffers_close(struct buffers *b)
{
	assert(b->free_n == b->n);
	for (unsigned i = 0; i < b->n; i++)
		sealer_close(b->all[i].sealer);
	locked_close(b->memory, b->bytes);
	free(b->all);
	*b = (struct buffers){0};
}

struct buffer *buffers_take(struct buffers *b)
{
	struct buffer *one = TAILQ_FIRST(&b->free);

	if (!one)
		return NULL;
	assert(one->holds == 0 && b->free_n);
	TAILQ_REMOVE(&b->free, one, link);
	b->free_n--;
	one->holds = 1;
	return one;
}

void buffer_hold(struct buffer *one)
{
	assert(one->holds > 0);
	one->holds++;
}

void buffers_drop(struct buffers *b, struct buffer *one)
{
	assert(one->holds > 0);
	assert(one >= b->all && one < b->all + b->n);
	if (--one->holds > 0)
		return;
	assert(b->free_n < b->n);
	/* The next to be taken: it is in the cache. */
	TAILQ_INSERT_HEAD(&b->free, one, link);
	b->free_n++;
}
