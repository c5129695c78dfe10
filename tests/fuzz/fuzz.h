/* SPDX-License-Identifier: BSD-2-Clause */
/* What every fuzz target includes first. A target is one function of the bytes
 * that libFuzzer, or replay.c, gives it; what must hold is must(). */
#ifndef FARPAGE_FUZZ_H
#define FARPAGE_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define must(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "%s:%d: must hold: %s\n", __FILE__, __LINE__, #what); \
			abort(); \
		} \
	} while (0)

/* The bytes of an input, taken off its front; zeros when there are no more. */
struct input {
	const uint8_t *data;
	size_t len;
};

static inline uint64_t take(struct input *in, size_t bytes)
{
	uint64_t value = 0;

	for (; bytes; bytes--) {
		value = value << 8 | (in->len ? *in->data : 0);
		in->data += in->len != 0;
		in->len -= in->len != 0;
	}
	return value;
}

/* A block of exactly its size, so that ASan sees a read beyond. */
static inline void *copy_of(const void *data, size_t len)
{
	void *copy = malloc(len ? len : 1);

	must(copy);
	if (len)
		memcpy(copy, data, len);
	return copy;
}

/* The same, ended by a zero byte; what stands behind one in DATA is lost. */
static inline char *text_of(const void *data, size_t len)
{
	char *text = strndup(data, len), *exact;

	must(text);
	exact = copy_of(text, strlen(text) + 1);
	free(text);
	return exact;
}

/* How a stream is cut into what arrives at once: up to 15 lengths that come
 * again and again; 0 is all there is. */
struct cuts {
	uint8_t length[15];
	unsigned lengths, next;
};

static inline struct cuts take_cuts(struct input *in)
{
	struct cuts c = { .lengths = take(in, 1) & 15 };

	for (unsigned i = 0; i < c.lengths; i++)
		c.length[i] = (uint8_t)take(in, 1);
	return c;
}

static inline size_t next_cut(struct cuts *c, size_t left)
{
	size_t n = c->lengths ? c->length[c->next++ % c->lengths] : 0;

	return n && n < left ? n : left;
}

#endif
