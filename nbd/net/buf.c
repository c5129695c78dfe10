/* SPDX-License-Identifier: BSD-2-Clause */
#include "buf.h"

#include <stdlib.h>
#include <string.h>

uint8_t *buf_add(struct buf *b, size_t n)
{
	if (b->failed)
		return NULL;
	if (b->len + n > b->size) {
		size_t size = b->len + n > b->size * 2 ? b->len + n : b->size * 2;
		uint8_t *data = realloc(b->data, size);

		if (!data) {
			b->failed = true;
			return NULL;
		}
		b->data = data;
		b->size = size;
	}
	b->len += n;
	return b->data + b->len - n;
}

void buf_put(struct buf *b, const void *data, size_t n)
{
	uint8_t *p = n ? buf_add(b, n) : NULL;

	if (p)
		memcpy(p, data, n);
}

void buf_take(struct buf *b, size_t n)
{
	b->len -= n;
	if (b->len)
		memmove(b->data, b->data + n, b->len);
}

void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){0};
}
