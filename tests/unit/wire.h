/* SPDX-License-Identifier: BSD-2-Clause */
/* NBD's byte streams as a test writes them down, with the protocol's numbers
 * spelled out once more, so that a wrong one in the code is seen. */
#ifndef FARPAGE_WIRE_H
#define FARPAGE_WIRE_H

#include "unit.h"

#include <stdlib.h>

struct wire {
	uint8_t *byte;
	size_t len, size;
};

static inline void say_bytes(struct wire *w, const void *data, size_t n)
{
	if (w->len + n > w->size) {
		w->size = (w->len + n) * 2;
		w->byte = realloc(w->byte, w->size);
		assert_non_null(w->byte);
	}
	if (n)
		memcpy(w->byte + w->len, data, n);
	w->len += n;
}

/* N bytes, the highest first. */
static inline void say(struct wire *w, size_t n, uint64_t value)
{
	uint8_t b[8];

	for (size_t i = 0; i < n; i++)
		b[i] = (uint8_t)(value >> 8 * (n - 1 - i));
	say_bytes(w, b, n);
}

static inline void say_text(struct wire *w, const char *text)
{
	say_bytes(w, text, strlen(text));
}

static inline void wire_free(struct wire *w)
{
	free(w->byte);
	*w = (struct wire){0};
}

/* What a client says. */

static inline void say_option(struct wire *w, uint32_t option, const void *data,
                              size_t len)
{
	say_text(w, "IHAVEOPT");
	say(w, 4, option);
	say(w, 4, len);
	say_bytes(w, data, len);
}

/* INFO (6) or GO (7) of NAME, asking for N infos. */
static inline void say_open(struct wire *w, uint32_t option, const char *name,
                            size_t n, const uint16_t *infos)
{
	say_text(w, "IHAVEOPT");
	say(w, 4, option);
	say(w, 4, 4 + strlen(name) + 2 + 2 * n);
	say(w, 4, strlen(name));
	say_text(w, name);
	say(w, 2, n);
	for (size_t i = 0; i < n; i++)
		say(w, 2, infos[i]);
}

static inline void say_request(struct wire *w, uint16_t flags, uint16_t type,
                               uint64_t cookie, uint64_t offset, uint32_t length)
{
	say(w, 4, 0x25609513);
	say(w, 2, flags);
	say(w, 2, type);
	say(w, 8, cookie);
	say(w, 8, offset);
	say(w, 4, length);
}

/* What a server says. */

static inline void say_greeting(struct wire *w)
{
	say_text(w, "NBDMAGIC");
	say_text(w, "IHAVEOPT");
	say(w, 2, 3); /* fixed newstyle, no zeroes */
}

/* An option's reply, with N bytes of data to be said next. */
static inline void say_reply(struct wire *w, uint32_t option, uint32_t type, size_t n)
{
	say(w, 8, UINT64_C(0x3e889045565a9));
	say(w, 4, option);
	say(w, 4, type);
	say(w, 4, n);
}

static inline void say_ack(struct wire *w, uint32_t option)
{
	say_reply(w, option, 1, 0);
}

static inline void say_info_text(struct wire *w, uint32_t option, uint16_t info,
                                 const char *text)
{
	say_reply(w, option, 3, 2 + strlen(text));
	say(w, 2, info);
	say_text(w, text);
}

/* The two infos that every INFO and GO answers with. */
static inline void say_infos(struct wire *w, uint32_t option, uint64_t size,
                             uint16_t flags)
{
	say_reply(w, option, 3, 12);
	say(w, 2, 0); /* EXPORT */
	say(w, 8, size);
	say(w, 2, flags);
	say_reply(w, option, 3, 14);
	say(w, 2, 3); /* BLOCK_SIZE: any, a page, 32 MiB */
	say(w, 4, 1);
	say(w, 4, 4096);
	say(w, 4, 32 << 20);
}

static inline void say_simple(struct wire *w, uint32_t error, uint64_t cookie)
{
	say(w, 4, 0x67446698);
	say(w, 4, error);
	say(w, 8, cookie);
}

/* A chunk of a structured reply, with N bytes of payload to be said next. */
static inline void say_chunk(struct wire *w, bool done, uint16_t type, uint64_t cookie,
                             size_t n)
{
	say(w, 4, 0x668e33ef);
	say(w, 2, done);
	say(w, 2, type);
	say(w, 8, cookie);
	say(w, 4, n);
}

static inline void say_data(struct wire *w, bool done, uint64_t cookie, uint64_t offset,
                            const void *data, size_t n)
{
	say_chunk(w, done, 1, cookie, 8 + n);
	say(w, 8, offset);
	say_bytes(w, data, n);
}

static inline void say_hole(struct wire *w, bool done, uint64_t cookie, uint64_t offset,
                            uint32_t n)
{
	say_chunk(w, done, 2, cookie, 12);
	say(w, 8, offset);
	say(w, 4, n);
}

static inline void say_error_chunk(struct wire *w, uint64_t cookie, uint32_t error)
{
	say_chunk(w, true, 0x8001, cookie, 6);
	say(w, 4, error);
	say(w, 2, 0); /* no words */
}

#endif
