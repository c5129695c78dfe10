/* SPDX-License-Identifier: BSD-2-Clause */
/* Built without GnuTLS: there are no credentials, so nobody gets further. */
#include <stdlib.h>

#include "tls.h"

struct tls *tls_new(const char *certificates, const char *psk,
                    char words[static WORDS_MAX])
{
	(void)certificates, (void)psk;
	words_print(words, "this farpaged was built without GnuTLS");
	return NULL;
}

int tls_reload(struct tls *tls, char words[static WORDS_MAX])
{
	(void)tls, (void)words;
	return -1;
}

void tls_free(struct tls *tls)
{
	(void)tls;
}

struct tls_session *tls_open(struct tls *tls)
{
	(void)tls;
	return NULL;
}

void tls_close(struct tls_session *s)
{
	(void)s;
}

ssize_t tls_decrypt(struct tls_session *s, const uint8_t *in, size_t len, uint8_t *to,
                    struct buf *out)
{
	(void)s, (void)in, (void)len, (void)to, (void)out;
	return -1;
}

ssize_t tls_encrypt(struct tls_session *s, const struct iovec *vector, size_t vectors,
                    size_t max, struct buf *out)
{
	(void)s, (void)vector, (void)vectors, (void)max, (void)out;
	return -1;
}

void tls_bye(struct tls_session *s, struct buf *out)
{
	(void)s, (void)out;
}

const char *tls_identity(const struct tls_session *s)
{
	(void)s;
	return NULL;
}

const char *tls_why(const struct tls_session *s)
{
	(void)s;
	return "no TLS";
}
