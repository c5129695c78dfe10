/* SPDX-License-Identifier: BSD-2-Clause */
/* TLS by GnuTLS. Its sessions read and write memory, never a socket. */
#include <errno.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tls_credentials.h"

#define RECORD_DATA_BYTES 16384
#define PRIORITY "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct tls {
	char *certificates, *psk;
	gnutls_priority_t priority;
	pthread_mutex_t lock;
	struct credentials *credentials; /* under the lock */
};

struct tls_session {
	gnutls_session_t gnutls;
	struct credentials *credentials;
	bool established, closed;
	char identity[TLS_IDENTITY_MAX + 1];
	const char *why;
	const uint8_t *in;               /* inside tls_decrypt() */
	size_t in_len;
	struct buf *out;                 /* inside all of them */
};

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

struct tls *tls_new(const char *certificates, const char *psk,
                    char words[static WORDS_MAX])
{
	struct tls *tls = calloc(1, sizeof *tls);

	strcpy(words, "no memory");
	if (!tls)
		return NULL;
	pthread_mutex_init(&tls->lock, NULL);
	tls->certificates = copy(certificates);
	tls->psk = copy(psk);
	if ((certificates && !tls->certificates) || (psk && !tls->psk) ||
	    gnutls_priority_init(&tls->priority, psk ? PRIORITY ":+ECDHE-PSK:+DHE-PSK" : PRIORITY,
	                         NULL) < 0)
		goto err;
	tls->credentials = credentials_new(certificates, psk, words);
	if (!tls->credentials)
		goto err;
	return tls;
err:
	tls_free(tls);
	return NULL;
}

int tls_reload(struct tls *tls, char words[static WORDS_MAX])
{
	struct credentials *new = credentials_new(tls->certificates, tls->psk, words), *old;

	if (!new)
		return -1;
	pthread_mutex_lock(&tls->lock);
	old = tls->credentials;
	tls->credentials = new;
	pthread_mutex_unlock(&tls->lock);
	credentials_release(old);
	return 0;
}

void tls_free(struct tls *tls)
{
	if (!tls)
		return;
	if (tls->credentials)
		credentials_release(tls->credentials);
	if (tls->priority)
		gnutls_priority_deinit(tls->priority);
	pthread_mutex_destroy(&tls->lock);
	free(tls->certificates);
	free(tls->psk);
	free(tls);
}

static ssize_t pull(gnutls_transport_ptr_t session, void *to, size_t n)
{
	struct tls_session *s = session;

	if (!s->in_len) {
		gnutls_transport_set_errno(s->gnutls, EAGAIN);
		return -1;
	}
	n = n < s->in_len ? n : s->in_len;
	memcpy(to, s->in, n);
	s->in += n;
	s->in_len -= n;
	return (ssize_t)n;
}

static int pull_timeout(gnutls_transport_ptr_t session, unsigned ms)
{
	(void)ms;
	return ((struct tls_session *)session)->in_len > 0;
}

static ssize_t push(gnutls_transport_ptr_t session, const void *data, size_t n)
{
	struct tls_session *s = session;

	buf_put(s->out, data, n);
	if (!s->out->failed)
		return (ssize_t)n;
	gnutls_transport_set_errno(s->gnutls, ENOMEM);
	return -1;
}

static struct credentials *take_credentials(struct tls *tls)
{
	pthread_mutex_lock(&tls->lock);
	struct credentials *c = tls->credentials;
	atomic_fetch_add(&c->users, 1);
	pthread_mutex_unlock(&tls->lock);
	return c;
}

static int set_credentials(gnutls_session_t session, const struct credentials *c)
{
	int r = 0;

	if (c->x509) {
		static gnutls_typed_vdata_st client = {
			.type = GNUTLS_DT_KEY_PURPOSE_OID,
			.data = (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT };

		r = gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, c->x509);
		gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
		gnutls_session_set_verify_cert2(session, &client, 1, 0);
	}
	if (r == 0 && c->psk)
		r = gnutls_credentials_set(session, GNUTLS_CRD_PSK, c->psk);
	return r;
}

/* No tickets, so no session is ever resumed: a client that comes back proves its identity again. */
struct tls_session *tls_open(struct tls *tls)
{
	struct tls_session *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->credentials = take_credentials(tls);
	if (gnutls_init(&s->gnutls, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_TICKETS |
	                                GNUTLS_NO_SIGNAL) < 0)
		goto err;
	gnutls_session_set_ptr(s->gnutls, s->credentials);
	gnutls_handshake_set_timeout(s->gnutls, GNUTLS_INDEFINITE_TIMEOUT);
	gnutls_transport_set_ptr(s->gnutls, s);
	gnutls_transport_set_pull_function(s->gnutls, pull);
	gnutls_transport_set_pull_timeout_function(s->gnutls, pull_timeout);
	gnutls_transport_set_push_function(s->gnutls, push);
	if (gnutls_priority_set(s->gnutls, tls->priority) < 0 ||
	    set_credentials(s->gnutls, s->credentials) < 0)
		goto err;
	return s;
err:
	tls_close(s);
	return NULL;
}

void tls_close(struct tls_session *s)
{
	if (!s)
		return;
	if (s->gnutls)
		gnutls_deinit(s->gnutls);
	credentials_release(s->credentials);
	free(s);
}

static ssize_t over(struct tls_session *s, const char *why)
{
	s->why = why;
	return -1;
}

static bool copy_identity(struct tls_session *s, const char *name, size_t len)
{
	if (len == 0 || len > TLS_IDENTITY_MAX || memchr(name, '\0', len))
		return false;
	memcpy(s->identity, name, len);
	s->identity[len] = '\0';
	return true;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* GnuTLS tells a name as RFC 4514 writes it, "web\+db", and one that is no text as "#" and
 * its bytes: back to what the certificate has, in its place. How long that is; 0: no text. */
static size_t unescape(char *name)
{
	char *to = name;

	if (*name == '#')
		return 0;
	for (const char *from = name; *from; from++) {
		if (*from == '\\' && *++from && hex_digit(from[0]) >= 0 && hex_digit(from[1]) >= 0) {
			*to++ = (char)(hex_digit(from[0]) << 4 | hex_digit(from[1]));
			from++;
		} else if (*from) {
			*to++ = *from;
		} else {
			return 0;
		}
	}
	return (size_t)(to - name);
}

static bool common_name(struct tls_session *s)
{
	unsigned n;
	const gnutls_datum_t *peer = gnutls_certificate_get_peers(s->gnutls, &n);
	char name[3 * TLS_IDENTITY_MAX + 2]; /* each of its bytes may be escaped */
	size_t len = sizeof name;
	gnutls_x509_crt_t cert;
	bool good = false;

	if (!peer || !n || gnutls_session_get_verify_cert_status(s->gnutls) != 0 ||
	    gnutls_x509_crt_init(&cert) < 0)
		return false;
	if (gnutls_x509_crt_import(cert, peer, GNUTLS_X509_FMT_DER) == 0 &&
	    gnutls_x509_crt_get_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name,
	                                  &len) == 0)
		good = copy_identity(s, name, unescape(name));
	gnutls_x509_crt_deinit(cert);
	return good;
}

static bool identify(struct tls_session *s)
{
	const char *name;

	switch (gnutls_auth_client_get_type(s->gnutls)) {
	case GNUTLS_CRD_PSK:
		name = gnutls_psk_server_get_username(s->gnutls);
		return name && copy_identity(s, name, strlen(name));
	case GNUTLS_CRD_CERTIFICATE:
		return common_name(s);
	default:
		return false;
	}
}

/* 1: more bytes are wanted, 0: done, -1. */
static int shake_hands(struct tls_session *s)
{
	int r;

	do
		r = gnutls_handshake(s->gnutls);
	while (r < 0 && r != GNUTLS_E_AGAIN && !gnutls_error_is_fatal(r));
	if (r == GNUTLS_E_AGAIN)
		return 1;
	if (r < 0) {
		gnutls_alert_send_appropriate(s->gnutls, r);
		over(s, gnutls_strerror(r));
		return -1;
	}
	if (!identify(s)) {
		gnutls_alert_send(s->gnutls, GNUTLS_AL_FATAL, GNUTLS_A_ACCESS_DENIED);
		over(s, "its certificate has no common name of 1 to 64 characters");
		return -1;
	}
	s->established = true;
	return 0;
}

/* Everything that can be decrypted. */
static ssize_t receive(struct tls_session *s, uint8_t *to, size_t room)
{
	size_t n = 0;

	while (n < room && !s->closed) {
		ssize_t r = gnutls_record_recv(s->gnutls, to + n, room - n);

		if (r > 0)
			n += (size_t)r;
		else if (r == 0)
			s->closed = true;
		else if (r == GNUTLS_E_AGAIN)
			break;
		else if (r == GNUTLS_E_REHANDSHAKE || gnutls_error_is_fatal((int)r)) {
			gnutls_alert_send_appropriate(s->gnutls, (int)r);
			return over(s, gnutls_strerror((int)r));
		}
	}
	return n == 0 && s->closed ? over(s, "it ended TLS") : (ssize_t)n;
}

ssize_t tls_decrypt(struct tls_session *s, const uint8_t *in, size_t len, uint8_t *to,
                    struct buf *out)
{
	ssize_t n = 0;
	int r = 0;

	s->in = in;
	s->in_len = len;
	s->out = out;
	if (!s->established)
		r = shake_hands(s);
	if (r == 0)
		n = receive(s, to, len + TLS_RECORD_BYTES);
	return r < 0 ? -1 : n;
}

/* A record's worth off the front of the vector, from *SKIP in its first part on. */
static size_t gather(uint8_t *record, size_t max, const struct iovec **vector,
                     size_t *vectors, size_t *skip)
{
	size_t n = 0;

	while (n < max && *vectors) {
		size_t left = (*vector)->iov_len - *skip;
		size_t part = left < max - n ? left : max - n;

		memcpy(record + n, (const uint8_t *)(*vector)->iov_base + *skip, part);
		n += part;
		*skip += part;
		if (part == left) {
			++*vector;
			--*vectors;
			*skip = 0;
		}
	}
	return n;
}

ssize_t tls_encrypt(struct tls_session *s, const struct iovec *vector, size_t vectors,
                    size_t max, struct buf *out)
{
	uint8_t record[RECORD_DATA_BYTES];
	size_t skip = 0, total = 0, n;

	s->out = out;
	while (total < max && vectors) {
		n = max - total < sizeof record ? max - total : sizeof record;
		n = gather(record, n, &vector, &vectors, &skip);
		/* A peer may want smaller records. */
		for (size_t at = 0; at < n; ) {
			ssize_t r = gnutls_record_send(s->gnutls, record + at, n - at);

			if (r <= 0)
				return over(s, gnutls_strerror((int)r));
			at += (size_t)r;
		}
		total += n;
	}
	return (ssize_t)total;
}

void tls_bye(struct tls_session *s, struct buf *out)
{
	s->out = out;
	if (s->established)
		gnutls_bye(s->gnutls, GNUTLS_SHUT_WR);
}

const char *tls_identity(const struct tls_session *s)
{
	return s->established ? s->identity : NULL;
}

const char *tls_why(const struct tls_session *s)
{
	return s->why;
}
