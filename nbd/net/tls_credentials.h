/* SPDX-License-Identifier: BSD-2-Clause */
/* How a lender proves its identity, and checks that of its clients; with GnuTLS. */
#ifndef FARPAGE_TLS_CREDENTIALS_H
#define FARPAGE_TLS_CREDENTIALS_H

#include <gnutls/gnutls.h>
#include <stdatomic.h>

#include "tls.h"

struct psk {
	char identity[TLS_IDENTITY_MAX + 1];
	gnutls_datum_t key;
};

/* Never changed once made. */
struct credentials {
	_Atomic unsigned users;
	gnutls_certificate_credentials_t x509; /* NULL: no certificates */
	gnutls_psk_server_credentials_t psk;   /* NULL: no keys */
	struct psk *key;
	unsigned keys;
};

/* NULL with words. */
struct credentials *credentials_new(const char *certificates, const char *psk,
                                    char words[static WORDS_MAX]);
/* Release them; the last user frees them. */
void credentials_release(struct credentials *);

#endif
