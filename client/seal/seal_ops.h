/* SPDX-License-Identifier: BSD-2-Clause */
/* The inside of sealing: the operations of each kind, one file each. */
#ifndef FARPAGE_SEAL_OPS_H
#define FARPAGE_SEAL_OPS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

#define NONCE_BYTES   12
#define KEY_BYTES_MAX 192

/* A kind. SEAL and OPEN_PAGE neither allocate nor lock. */
struct seal_ops {
	const char *name; /* NULL: not built in */
	size_t key_bytes;
	/* A sealer's state under the key, which stays valid. NULL with errno. */
	void *(*open)(const uint8_t *key);
	void (*close)(void *state);
	int (*seal)(void *state, const uint8_t nonce[static NONCE_BYTES],
	            const uint8_t data[static PAGE_BYTES], uint8_t out[static PAGE_BYTES],
	            uint8_t tag[static TAG_BYTES]);
	int (*open_page)(void *state, const uint8_t nonce[static NONCE_BYTES],
	                 const uint8_t sealed[static PAGE_BYTES],
	                 uint8_t data[static PAGE_BYTES],
	                 const uint8_t tag[static TAG_BYTES]);
};

extern const struct seal_ops seal_encrypt, seal_check, seal_off;

struct seal {
	const struct seal_ops *ops;
	uint8_t *key; /* KEY_BYTES_MAX */
	_Atomic uint64_t version; /* the next */
};

#endif
