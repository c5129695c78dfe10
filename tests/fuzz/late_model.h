/* SPDX-License-Identifier: BSD-2-Clause */
/* For late.c: what its clients have asked, and what is known of each byte by that. */
#ifndef FARPAGE_LATE_MODEL_H
#define FARPAGE_LATE_MODEL_H

#include "session.h"

#include "fuzz.h"
#include "nbd.h"

#define PAGES    68u
#define BYTES    (PAGES * PAGE_BYTES)
#define CLIENTS  3
#define ASKED    256        /* requests of a client that are not answered */
#define SAID_MAX (1u << 19) /* bytes of a client that were not taken */

enum { READ, WRITE, DISC, FLUSH, TRIM, CACHE, ZEROES, STATUS };

struct asked {
	bool busy, change;
	uint16_t type;
	uint64_t cookie, offset, now; /* when it was said */
	uint32_t length, got;
	unsigned epoch;
};

struct guest {
	struct client *client; /* NULL: not here */
	struct session s;
	bool structured, wild, said_disc, stirred;
	uint8_t said[SAID_MAX], heard[384 << 10];
	size_t said_len, heard_len;
	struct asked asked[ASKED];
};

static struct {
	uint64_t now;
	unsigned epoch; /* of owners */
	uint8_t value[BYTES], mixed[BYTES], unknown[BYTES];
	uint16_t pending[BYTES];
	uint64_t changed[BYTES];
} k;

static uint8_t byte_of(uint64_t cookie, uint64_t at)
{
	return (uint8_t)(cookie * 37 + at * 11 + (at >> 7)) | 1;
}

/* ---- what is known ---- */

static void change_begins(const struct asked *a)
{
	for (uint64_t i = a->offset; i < a->offset + a->length; i++) {
		k.mixed[i] = k.pending[i] > 0;
		k.pending[i]++;
		k.changed[i] = k.now;
	}
}

static void change_ends(const struct asked *a, bool good)
{
	k.now++;
	for (uint64_t i = a->offset; i < a->offset + a->length; i++) {
		bool sure = good && a->epoch == k.epoch && !k.mixed[i];

		k.pending[i]--;
		if (k.pending[i])
			k.mixed[i] = true;
		k.changed[i] = k.now;
		k.unknown[i] = !sure;
		k.value[i] = a->type == WRITE ? byte_of(a->cookie, i) : 0;
	}
}

static void check_read(const struct asked *a, uint64_t at, const uint8_t *data, size_t n)
{
	must(at >= a->offset && at + n <= a->offset + a->length);
	for (size_t i = 0; i < n; i++)
		if (!k.pending[at + i] && !k.unknown[at + i] && k.changed[at + i] < a->now)
			must(data[i] == k.value[at + i]);
}

/* ---- what a client hears ---- */

static struct asked *find(struct guest *g, uint64_t cookie)
{
	for (unsigned i = 0; i < ASKED; i++)
		if (g->asked[i].busy && g->asked[i].cookie == cookie)
			return &g->asked[i];
	must(false); /* a reply to nobody */
	return NULL;
}

static void over(struct asked *a, uint32_t error)
{
	if (a->change)
		change_ends(a, !error);
	else if (a->type == READ && !error)
		must(a->got == a->length);
	a->busy = false;
}

/* A reply at P of N bytes: its length, or 0: there is more to come. */
static size_t hear_simple(struct guest *g, const uint8_t *p, size_t n)
{
	if (n < NBD_SIMPLE_BYTES)
		return 0;
	struct asked *a = find(g, load64(p + 8));
	uint32_t error = load32(p + 4), data = a->type == READ && !error ? a->length : 0;

	must(!g->structured || a->type != READ);
	if (n < NBD_SIMPLE_BYTES + data)
		return 0;
	if (data)
		check_read(a, a->offset, p + NBD_SIMPLE_BYTES, data);
	a->got += data;
	over(a, error);
	return NBD_SIMPLE_BYTES + data;
}

static size_t hear_chunk(struct guest *g, const uint8_t *p, size_t n)
{
	if (n < NBD_CHUNK_BYTES || n < NBD_CHUNK_BYTES + load32(p + 16))
		return 0;
	struct asked *a = find(g, load64(p + 8));
	uint32_t len = load32(p + 16), type = load16(p + 6);

	must(g->structured && (a->type == READ || a->type == STATUS));
	if (type == NBD_CHUNK_DATA) {
		must(a->type == READ && len > 8);
		check_read(a, load64(p + 20), p + 28, len - 8);
		a->got += len - 8;
	} else {
		must(type == NBD_CHUNK_ERROR || type == NBD_CHUNK_STATUS);
	}
	if (load16(p + 4) & NBD_CHUNK_DONE)
		over(a, type == NBD_CHUNK_ERROR);
	return NBD_CHUNK_BYTES + len;
}

static void hear(struct guest *g)
{
	size_t at = 0, n = 1;

	while (n && g->heard_len - at >= 4 && !g->wild) {
		uint32_t magic = load32(g->heard + at);

		must(magic == NBD_SIMPLE_MAGIC || magic == NBD_CHUNK_MAGIC);
		n = magic == NBD_SIMPLE_MAGIC ? hear_simple(g, g->heard + at, g->heard_len - at)
		                              : hear_chunk(g, g->heard + at, g->heard_len - at);
		at += n;
	}
	if (g->wild)
		at = g->heard_len;
	memmove(g->heard, g->heard + at, g->heard_len - at);
	g->heard_len -= at;
}

#endif
