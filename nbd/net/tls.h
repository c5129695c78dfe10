/* SPDX-License-Identifier: BSD-2-Clause */
/* TLS, as a filter: what the peer sent goes in and comes out decrypted, and the
 * other way round. Knows no socket. The peer proves who it is: by a certificate
 * that the lender's authority signed, or by a pre-shared key. */
#ifndef FARPAGE_TLS_H
#define FARPAGE_TLS_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "buf.h"
#include "words.h"

#define TLS_IDENTITY_MAX 64
/* How much may have arrived before and is decrypted only with the next byte. */
#define TLS_RECORD_BYTES 16640

enum tls_mode { TLS_OFF, TLS_ALLOW, TLS_REQUIRE };

struct tls;         /* the credentials; any thread */
struct tls_session; /* of one connection; one thread */

/* From CERTIFICATES, a directory with ca-cert.pem, server-cert.pem, server-key.pem
 * and maybe ca-crl.pem, and PSK, a file of lines "IDENTITY:HEXKEY"; either may be
 * NULL. NULL with words. */
struct tls *tls_new(const char *certificates, const char *psk,
                    char words[static WORDS_MAX]);
/* Read them again, for new connections. -1 with words: nothing changed. */
int tls_reload(struct tls *, char words[static WORDS_MAX]);
void tls_free(struct tls *);

/* The server's end of a new connection. NULL: no memory. */
struct tls_session *tls_open(struct tls *);
void tls_close(struct tls_session *);

/* Take all LEN bytes from the peer; TO has room for LEN + TLS_RECORD_BYTES. Returns how
 * many decrypted bytes there are; -1: it is over, see tls_why(). Appends what must be sent
 * to OUT, even then. */
ssize_t tls_decrypt(struct tls_session *, const uint8_t *in, size_t len, uint8_t *to,
                    struct buf *out);
/* Append at most MAX bytes of the vector to OUT, encrypted. Returns how many;
 * -1: it is over. */
ssize_t tls_encrypt(struct tls_session *, const struct iovec *, size_t vectors, size_t max,
                    struct buf *out);
/* Tell the peer that nothing follows. */
void tls_bye(struct tls_session *, struct buf *out);

/* The peer's identity: a certificate's common name, or the name of a pre-shared key; NULL
 * until the peer has proven it. */
const char *tls_identity(const struct tls_session *);
/* Why it is over, for the log. */
const char *tls_why(const struct tls_session *);

#endif
