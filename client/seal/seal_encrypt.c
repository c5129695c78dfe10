/* SPDX-License-Identifier: BSD-2-Clause */
/* AES-256-GCM by GnuTLS. Its cipher calls, unlike its AEAD calls, take the page and the
 * tag from two places and put them to two others, so nothing is copied; they are as fast. */
#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "seal_ops.h"

#define KEY_BYTES 32

static void *encrypt_open(const uint8_t *key)
{
	const gnutls_datum_t datum = { (uint8_t *)key, KEY_BYTES };
	gnutls_cipher_hd_t handle;
	int e = gnutls_cipher_init(&handle, GNUTLS_CIPHER_AES_256_GCM, &datum, NULL);

	if (e < 0) {
		errno = e == GNUTLS_E_MEMORY_ERROR ? ENOMEM : ENOTSUP;
		return NULL;
	}
	return handle;
}

static void encrypt_close(void *state)
{
	gnutls_cipher_deinit(state);
}

static int encrypt_seal(void *state, const uint8_t nonce[static NONCE_BYTES],
                        const uint8_t data[static PAGE_BYTES], uint8_t out[static PAGE_BYTES],
                        uint8_t tag[static TAG_BYTES])
{
	gnutls_cipher_set_iv(state, (void *)nonce, NONCE_BYTES);
	if (gnutls_cipher_encrypt2(state, data, PAGE_BYTES, out, PAGE_BYTES) < 0 ||
	    gnutls_cipher_tag(state, tag, TAG_BYTES) < 0)
		return -1;
	return 0;
}

static int encrypt_open_page(void *state, const uint8_t nonce[static NONCE_BYTES],
                             const uint8_t sealed[static PAGE_BYTES],
                             uint8_t data[static PAGE_BYTES],
                             const uint8_t tag[static TAG_BYTES])
{
	uint8_t is[TAG_BYTES];

	gnutls_cipher_set_iv(state, (void *)nonce, NONCE_BYTES);
	if (gnutls_cipher_decrypt2(state, sealed, PAGE_BYTES, data, PAGE_BYTES) < 0 ||
	    gnutls_cipher_tag(state, is, TAG_BYTES) < 0)
		return -1;
	return gnutls_memcmp(is, tag, TAG_BYTES) == 0 ? 0 : -1;
}

const struct seal_ops seal_encrypt = {
	.name = "on",
	.key_bytes = KEY_BYTES,
	.open = encrypt_open,
	.close = encrypt_close,
	.seal = encrypt_seal,
	.open_page = encrypt_open_page,
};
