/* SPDX-License-Identifier: BSD-2-Clause */
/* A TLS client in memory, for what has no socket: with a pre-shared key it talks to
 * tls_gnutls.c. What it says is in OUT; what it is told is put into IN. Needs
 * must() for what cannot fail. */
#ifndef FARPAGE_TESTS_TLSCLIENT_H
#define FARPAGE_TESTS_TLSCLIENT_H

#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tls.h"

#define CLIENT_KEY "00112233445566778899aabbccddeeff"

struct tls_client {
	gnutls_session_t gnutls;
	gnutls_psk_client_credentials_t psk;
	struct buf in, out;
};

static ssize_t client_pull(gnutls_transport_ptr_t client, void *to, size_t n)
{
	struct tls_client *c = client;

	if (!c->in.len) {
		gnutls_transport_set_errno(c->gnutls, EAGAIN);
		return -1;
	}
	n = n < c->in.len ? n : c->in.len;
	memcpy(to, c->in.data, n);
	buf_take(&c->in, n);
	return (ssize_t)n;
}

static ssize_t client_push(gnutls_transport_ptr_t client, const void *data, size_t n)
{
	buf_put(&((struct tls_client *)client)->out, data, n);
	return (ssize_t)n;
}

static inline void client_begin(struct tls_client *c, const char *name, const char *hex,
                                const char *priority)
{
	gnutls_datum_t key = { (unsigned char *)hex, (unsigned)strlen(hex) };

	memset(c, 0, sizeof *c);
	must(gnutls_init(&c->gnutls, GNUTLS_CLIENT | GNUTLS_NONBLOCK) == 0);
	must(gnutls_psk_allocate_client_credentials(&c->psk) == 0);
	must(gnutls_psk_set_client_credentials(c->psk, name, &key, GNUTLS_PSK_KEY_HEX) == 0);
	must(gnutls_credentials_set(c->gnutls, GNUTLS_CRD_PSK, c->psk) == 0);
	must(gnutls_priority_set_direct(c->gnutls, priority, NULL) == 0);
	gnutls_transport_set_ptr(c->gnutls, c);
	gnutls_transport_set_pull_function(c->gnutls, client_pull);
	gnutls_transport_set_push_function(c->gnutls, client_push);
}

static inline void client_end(struct tls_client *c)
{
	gnutls_deinit(c->gnutls);
	gnutls_psk_free_client_credentials(c->psk);
	buf_free(&c->in);
	buf_free(&c->out);
}

/* The lender's side, with the key of "me". */
static inline struct tls *keyed_tls(void)
{
	char path[] = "/tmp/farpage-test-tls-XXXXXX", words[WORDS_MAX];
	static const char line[] = "me:" CLIENT_KEY "\n";
	int fd = mkstemp(path);
	struct tls *tls;

	must(fd >= 0 && write(fd, line, sizeof line - 1) == sizeof line - 1);
	close(fd);
	tls = tls_new(NULL, path, words);
	unlink(path);
	must(tls);
	return tls;
}

/* Both talk until the handshake is done on the client's side; -1: it failed. */
static inline int client_shake(struct tls_client *c, struct tls_session *s)
{
	uint8_t *to = malloc(c->out.len + 65536 + TLS_RECORD_BYTES);
	int r = GNUTLS_E_AGAIN;
	ssize_t n = 0;

	for (int turn = 0; turn < 20 && r == GNUTLS_E_AGAIN && n == 0; turn++) {
		r = gnutls_handshake(c->gnutls);
		n = tls_decrypt(s, c->out.data, c->out.len, to, &c->in);
		c->out.len = 0;
	}
	free(to);
	return r == 0 && n == 0 ? 0 : -1;
}

#endif
