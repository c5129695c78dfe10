/* SPDX-License-Identifier: BSD-2-Clause */
/* Seals pages: what goes on the wire in place of a page. A random key is made at the start
 * and never leaves the process; it lies in locked memory that is excluded from dumps, and
 * is wiped at the end. A nonce is a page's number and its version. No version is given out
 * twice, so no nonce repeats.
 * What GnuTLS derives from the key lies on the heap until the sealer is closed, and appears
 * in a dump of the process, unless the process forbids dumps. */
#ifndef FARPAGE_SEAL_H
#define FARPAGE_SEAL_H

#include <stdbool.h>
#include <stdint.h>

#include "record.h"

enum seal_kind {
	SEAL_ENCRYPT, /* AES-256-GCM: no one else can read, alter, swap or replay a page */
	SEAL_CHECK,   /* a keyed hash of 128 bits: finds damage, hides nothing */
	SEAL_OFF,     /* for measuring */
};

struct seal;   /* the key; any thread */
struct sealer; /* the state of one user of it; one thread at a time */

/* Parse "on", "check" or "off"; -1: it is none of them, or not built in. */
int seal_kind_parse(const char *text);

/* NULL with errno; ENOTSUP: not built in. Close its sealers before it. */
struct seal *seal_open(enum seal_kind);
void seal_close(struct seal *);
/* A version that was never given out before; 0: there are no more. */
uint64_t seal_version(struct seal *);

/* NULL with errno. */
struct sealer *sealer_open(struct seal *);
void sealer_close(struct sealer *);

/* Seals page number PAGE into OUT (not DATA), under record->version; sets
 * record->tag. 0, or -1: then OUT must not be sent. */
int sealer_seal(struct sealer *, uint64_t page, struct record *,
                const uint8_t data[static PAGE_BYTES], uint8_t out[static PAGE_BYTES]);
/* Opens a sealed page. -1: it is not what was sealed as PAGE under the record, and the
 * contents of DATA are undefined. */
int sealer_open_page(struct sealer *, uint64_t page, const struct record *,
                     const uint8_t sealed[static PAGE_BYTES], uint8_t data[static PAGE_BYTES]);

/* Does DATA repeat one pattern of 8 bytes? */
bool page_is_same(const uint8_t data[static PAGE_BYTES], uint64_t *pattern);
void page_fill(uint8_t data[static PAGE_BYTES], uint64_t pattern);

#endif
