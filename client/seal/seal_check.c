/* SPDX-License-Identifier: BSD-2-Clause */
/* XXH3, 128 bits, with a secret of our own: of the page, and then of that and the nonce. What
 * is hashed is the copy, so the tag is of what was sent, or is handed out. */
#define XXH_INLINE_ALL
#include <string.h>
#include <xxhash.h>

#include "seal_ops.h"

#define KEY_BYTES XXH3_SECRET_DEFAULT_SIZE

_Static_assert(KEY_BYTES >= XXH3_SECRET_SIZE_MIN && KEY_BYTES <= KEY_BYTES_MAX, "a key has room");
_Static_assert(sizeof(XXH128_canonical_t) == TAG_BYTES, "a hash is a tag");

static void *check_open(const uint8_t *key)
{
	return (void *)key;
}

static void check_close(void *state)
{
	(void)state;
}

static void hash(const void *key, const void *bytes, size_t n, uint8_t *to)
{
	XXH128_canonicalFromHash((void *)to, XXH3_128bits_withSecret(bytes, n, key, KEY_BYTES));
}

static void make_tag(const void *key, const uint8_t *nonce, const uint8_t *page, uint8_t *tag)
{
	uint8_t of[TAG_BYTES + NONCE_BYTES];

	hash(key, page, PAGE_BYTES, of);
	memcpy(of + TAG_BYTES, nonce, NONCE_BYTES);
	hash(key, of, sizeof of, tag);
}

static int check_seal(void *state, const uint8_t nonce[static NONCE_BYTES],
                      const uint8_t data[static PAGE_BYTES], uint8_t out[static PAGE_BYTES],
                      uint8_t tag[static TAG_BYTES])
{
	memcpy(out, data, PAGE_BYTES);
	make_tag(state, nonce, out, tag);
	return 0;
}

static int check_open_page(void *state, const uint8_t nonce[static NONCE_BYTES],
                           const uint8_t sealed[static PAGE_BYTES],
                           uint8_t data[static PAGE_BYTES],
                           const uint8_t tag[static TAG_BYTES])
{
	uint8_t is[TAG_BYTES];

	memcpy(data, sealed, PAGE_BYTES);
	make_tag(state, nonce, data, is);
	return memcmp(is, tag, TAG_BYTES) == 0 ? 0 : -1;
}

const struct seal_ops seal_check = {
	.name = "check",
	.key_bytes = KEY_BYTES,
	.open = check_open,
	.close = check_close,
	.seal = check_seal,
	.open_page = check_open_page,
};
