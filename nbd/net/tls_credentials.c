/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls_credentials.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "path.h"

#define KEY_BYTES_MIN 16
#define KEYS_MAX      65536

static int say(char words[static WORDS_MAX], const char *path, const char *why)
{
	words_print(words, "%.300s: %.180s", path, why);
	return -1;
}

/* GnuTLS would wait for a pipe. */
static int check_file(const char *path, struct stat *st, char words[static WORDS_MAX])
{
	if (stat(path, st) < 0)
		return say(words, path, strerror(errno));
	return S_ISREG(st->st_mode) ? 0 : say(words, path, "it is not a regular file");
}

/* A secret that everybody can read is none. */
static int check_secret(const char *path, char words[static WORDS_MAX])
{
	struct stat st;

	if (check_file(path, &st, words) < 0)
		return -1;
	if (st.st_mode & S_IRWXO)
		return say(words, path, "everybody can read it; chmod o= it, and make a new key");
	return 0;
}

static void add_words(char words[static WORDS_MAX], const char *path, int error)
{
	say(words, path, gnutls_strerror(error));
}

static int load_crl(gnutls_certificate_credentials_t x509, const char *path,
                    char words[static WORDS_MAX])
{
	struct stat st;
	int r;

	if (access(path, F_OK) < 0)
		return errno == ENOENT ? 0 : say(words, path, strerror(errno));
	if (check_file(path, &st, words) < 0)
		return -1;
	r = gnutls_certificate_set_x509_crl_file(x509, path, GNUTLS_X509_FMT_PEM);
	if (r < 0)
		add_words(words, path, r);
	return r < 0 ? -1 : 0;
}

static int load_x509(struct credentials *c, const char *directory,
                     char words[static WORDS_MAX])
{
	char ca[PATH_MAX], crl[PATH_MAX], cert[PATH_MAX], key[PATH_MAX];
	int r;

	snprintf(ca, sizeof ca, "%.4000s/ca-cert.pem", directory);
	snprintf(crl, sizeof crl, "%.4000s/ca-crl.pem", directory);
	snprintf(cert, sizeof cert, "%.4000s/server-cert.pem", directory);
	snprintf(key, sizeof key, "%.4000s/server-key.pem", directory);
	struct stat st;
	if (check_secret(key, words) < 0 || check_file(ca, &st, words) < 0 ||
	    check_file(cert, &st, words) < 0)
		return -1;
	r = gnutls_certificate_allocate_credentials(&c->x509);
	if (r < 0)
		return say(words, directory, gnutls_strerror(r));
	r = gnutls_certificate_set_x509_trust_file(c->x509, ca, GNUTLS_X509_FMT_PEM);
	if (r <= 0)
		return say(words, ca, r < 0 ? gnutls_strerror(r) : "it has no certificate");
	if (load_crl(c->x509, crl, words) < 0)
		return -1;
	r = gnutls_certificate_set_x509_key_file(c->x509, cert, key, GNUTLS_X509_FMT_PEM);
	return r < 0 ? say(words, cert, gnutls_strerror(r)) : 0;
}

/* "IDENTITY:HEXKEY", as psktool writes it. NULL or what is wrong. */
static const char *add_key(struct credentials *c, char *line)
{
	char *colon = strchr(line, ':');
	struct psk *more;
	gnutls_datum_t hex;

	if (!colon || colon == line || colon - line > TLS_IDENTITY_MAX)
		return "write IDENTITY:HEXKEY, with an identity of 1 to 64 characters";
	*colon = '\0';
	for (unsigned i = 0; i < c->keys; i++)
		if (strcmp(c->key[i].identity, line) == 0)
			return "this identity already has a key";
	if (c->keys == KEYS_MAX)
		return "there are too many keys";
	more = realloc(c->key, (c->keys + 1) * sizeof *more);
	if (!more)
		return "no memory";
	c->key = more;
	more = &c->key[c->keys];
	hex = (gnutls_datum_t){ (unsigned char *)colon + 1, (unsigned)strlen(colon + 1) };
	if (gnutls_hex_decode2(&hex, &more->key) < 0)
		return "the key is not hexadecimal";
	strcpy(more->identity, line);
	c->keys++;
	return more->key.size < KEY_BYTES_MIN ? "a key has at least 16 bytes; psktool makes one"
	                                      : NULL;
}

/* An unknown identity gets a random key, so it fails like a wrong key. */
static int find_key(gnutls_session_t session, const char *identity, gnutls_datum_t *key)
{
	const struct credentials *c = gnutls_session_get_ptr(session);
	const gnutls_datum_t *found = NULL;

	for (unsigned i = 0; i < c->keys; i++)
		if (strcmp(c->key[i].identity, identity) == 0)
			found = &c->key[i].key;
	key->size = found ? found->size : 32;
	key->data = gnutls_malloc(key->size);
	if (!key->data)
		return -1;
	if (!found)
		return gnutls_rnd(GNUTLS_RND_KEY, key->data, key->size) < 0 ? -1 : 0;
	memcpy(key->data, found->data, key->size);
	return 0;
}

static int load_psk(struct credentials *c, const char *path,
                    char words[static WORDS_MAX])
{
	FILE *file = check_secret(path, words) < 0 ? NULL : path_read(path);
	const char *error = NULL;
	char *line = NULL;
	size_t room = 0;
	unsigned n = 0;
	ssize_t len;

	if (!file)
		return *words ? -1 : say(words, path, strerror(errno));
	while (!error && (len = getline(&line, &room, file)) >= 0) {
		n++;
		if (strlen(line) != (size_t)len)
			error = "a zero byte";
		while (len && (line[len - 1] == '\n' || line[len - 1] == '\r'))
			line[--len] = '\0';
		/* Some editors begin a text with a byte order mark. */
		char *text = n == 1 && strncmp(line, "\xef\xbb\xbf", 3) == 0 ? line + 3 : line;
		if (!error && *text && *text != '#')
			error = add_key(c, text);
	}
	if (error)
		words_print(words, "%.300s:%u: %s", path, n, error);
	else if (!c->keys)
		say(words, path, "it has no key");
	else if (gnutls_psk_allocate_server_credentials(&c->psk) < 0)
		say(words, path, "no memory");
	else
		gnutls_psk_set_server_credentials_function(c->psk, find_key);
	if (line)
		gnutls_memset(line, 0, room);
	free(line);
	fclose(file);
	return c->psk ? 0 : -1;
}

struct credentials *credentials_new(const char *certificates, const char *psk,
                                    char words[static WORDS_MAX])
{
	struct credentials *c = calloc(1, sizeof *c);

	*words = '\0';
	if (!c) {
		words_print(words, "no memory");
		return NULL;
	}
	atomic_init(&c->users, 1);
	if ((certificates && load_x509(c, certificates, words) < 0) ||
	    (psk && load_psk(c, psk, words) < 0)) {
		credentials_release(c);
		return NULL;
	}
	return c;
}

void credentials_release(struct credentials *c)
{
	if (atomic_fetch_sub(&c->users, 1) > 1)
		return;
	if (c->x509)
		gnutls_certificate_free_credentials(c->x509);
	if (c->psk)
		gnutls_psk_free_server_credentials(c->psk);
	for (unsigned i = 0; i < c->keys; i++) {
		gnutls_memset(c->key[i].key.data, 0, c->key[i].key.size);
		gnutls_free(c->key[i].key.data);
	}
	free(c->key);
	free(c);
}
