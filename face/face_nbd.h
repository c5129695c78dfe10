/* SPDX-License-Identifier: BSD-2-Clause */
/* What the NBD face must be told, beside what every face is. */
#ifndef FARPAGE_FACE_NBD_H
#define FARPAGE_FACE_NBD_H

#include <stdbool.h>

/* Stays the owner's, and unchanged, until close(). */
struct face_nbd_terms {
	char *const *listen;          /* addresses: unix:PATH or HOST:PORT */
	unsigned listens;
	bool exposed;                 /* without TLS, other hosts may reach it */
	const char *name;             /* the export's first name: of this process, and of no other ever */
	bool tls_allow, tls_require;
	const char *tls_certificates; /* a directory; or NULL */
	const char *tls_psk;          /* a file of keys; or NULL */
	unsigned connections;         /* at most; 0: FACE_NBD_CONNECTIONS */
	unsigned dead_after;          /* seconds of silence that end a connection of the owner's; 0: as farpaged */
};

/* NULL if ADDRESS has the form of an address to listen on, or what is wrong with it. */
const char *face_nbd_wrong(const char *address);

#define FACE_NBD_CONNECTIONS 64
#define FACE_NBD_DEAD_AFTER  43200

#endif
