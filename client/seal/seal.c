/* SPDX-License-Identifier: BSD-2-Clause */
#include "seal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "locked.h"
#include "seal_ops.h"

#define PAGE_MAX ((UINT64_C(1) << 48) - 1)

struct sealer {
	const struct seal_ops *ops;
	void *state;
};

static const struct seal_ops *const kinds[] = {
	[SEAL_ENCRYPT] = &seal_encrypt,
	[SEAL_CHECK] = &seal_check,
	[SEAL_OFF] = &seal_off,
};

int seal_kind_parse(const char *text)
{
	for (int i = 0; i < (int)(sizeof kinds / sizeof *kinds); i++)
		if (kinds[i]->name && strcmp(text, kinds[i]->name) == 0)
			return i;
	return -1;
}

/* Up to 256 bytes come whole. */
static int make_key(uint8_t *key, size_t bytes)
{
	ssize_t n;

	do
		n = getrandom(key, bytes, 0);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)bytes ? 0 : -1;
}

struct seal *seal_open(enum seal_kind kind)
{
	struct seal *s;

	if (!kinds[kind]->name) {
		errno = ENOTSUP;
		return NULL;
	}
	s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->ops = kinds[kind];
	s->version = 1;
	s->key = locked_open(KEY_BYTES_MAX);
	if (!s->key || make_key(s->key, s->ops->key_bytes) < 0)
		goto err;
	return s;
err:
	seal_close(s);
	return NULL;
}

void seal_close(struct seal *s)
{
	if (!s)
		return;
	if (s->key)
		explicit_bzero(s->key, KEY_BYTES_MAX);
	locked_close(s->key, KEY_BYTES_MAX);
	free(s);
}

uint64_t seal_version(struct seal *s)
{
	uint64_t v = atomic_load_explicit(&s->version, memory_order_relaxed);

	/* It stops there, so it never comes round. */
	if (v <= VERSION_MAX)
		v = atomic_fetch_add_explicit(&s->version, 1, memory_order_relaxed);
	return v <= VERSION_MAX ? v : 0;
}

struct sealer *sealer_open(struct seal *s)
{
	struct sealer *r = malloc(sizeof *r);

	if (!r)
		return NULL;
	r->ops = s->ops;
	r->state = s->ops->open(s->key);
	if (!r->state) {
		free(r);
		return NULL;
	}
	return r;
}

void sealer_close(struct sealer *r)
{
	if (!r)
		return;
	r->ops->close(r->state);
	free(r);
}

/* The version and then the page's number, little-endian: of two pairs that differ the
 * nonces do. -1 if there is none. */
static int make_nonce(uint8_t nonce[static NONCE_BYTES], uint64_t page, uint64_t version)
{
	if (page > PAGE_MAX || version == 0)
		return -1;
	for (unsigned i = 0; i < 6; i++) {
		nonce[i] = (uint8_t)(version >> 8 * i);
		nonce[6 + i] = (uint8_t)(page >> 8 * i);
	}
	return 0;
}

int sealer_seal(struct sealer *r, uint64_t page, struct record *record,
                const uint8_t data[static PAGE_BYTES], uint8_t out[static PAGE_BYTES])
{
	uint8_t nonce[NONCE_BYTES];

	if (make_nonce(nonce, page, record->version) < 0)
		return -1;
	return r->ops->seal(r->state, nonce, data, out, record->tag);
}

int sealer_open_page(struct sealer *r, uint64_t page, const struct record *record,
                     const uint8_t sealed[static PAGE_BYTES], uint8_t data[static PAGE_BYTES])
{
	uint8_t nonce[NONCE_BYTES];

	if (make_nonce(nonce, page, record->version) < 0)
		return -1;
	return r->ops->open_page(r->state, nonce, sealed, data, record->tag);
}
