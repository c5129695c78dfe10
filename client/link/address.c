/* SPDX-License-Identifier: BSD-2-Clause */
#include "address.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int form_error(const char *text, const char *wrong, char words[static WORDS_MAX])
{
	words_print(words, "lender=%.200s: %s; write HOST, HOST:PORT (1 to 65535), [ADDR6]:PORT, "
	         "unix:PATH, nbd://HOST[:PORT][/POOL] or nbd+unix:///[POOL]?socket=PATH", text, wrong);
	return -1;
}

static const char *after(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(text, prefix, n) == 0 ? text + n : NULL;
}

static int set_unix(struct address *a, const char *path, char words[static WORDS_MAX])
{
	struct sockaddr_un *un = (struct sockaddr_un *)&a->endpoint[0].sockaddr;

	/* This process may be in another directory when it connects again. */
	if (*path != '/') {
		words_print(words, "lender=unix:%.100s: write the full path of the socket, from / "
		                   "on", path);
		return -1;
	}
	if (strlen(path) >= sizeof un->sun_path) {
		words_print(words, "lender: the path of a unix socket has %zu bytes at most",
		            sizeof un->sun_path - 1);
		return -1;
	}
	un->sun_family = AF_UNIX;
	strcpy(un->sun_path, path);
	a->endpoint[0].len = sizeof *un;
	a->endpoints = 1;
	return 0;
}

static int resolve(struct address *a, int flags)
{
	struct addrinfo *list, *each, hints = { .ai_socktype = SOCK_STREAM, .ai_flags = flags };
	int r = getaddrinfo(a->host, a->port, &hints, &list);

	if (r != 0)
		return r;
	a->endpoints = 0;
	for (each = list; each && a->endpoints < ADDRESS_ENDPOINTS_MAX; each = each->ai_next) {
		struct endpoint *e = &a->endpoint[a->endpoints++];

		memcpy(&e->sockaddr, each->ai_addr, each->ai_addrlen);
		e->len = each->ai_addrlen;
	}
	freeaddrinfo(list);
	return 0;
}

int address_look_up(struct address *a)
{
	a->unknown = resolve(a, AI_NUMERICSERV);
	return a->unknown ? -1 : 0;
}

void address_say_unknown(const struct address *a, char words[static WORDS_MAX])
{
	words_print(words, "cannot resolve %.200s: %.200s", a->host,
	            a->unknown ? gai_strerror(a->unknown) : "no answer yet");
}

static bool has(const struct address *a, const struct endpoint *e)
{
	for (unsigned i = 0; i < a->endpoints; i++)
		if (a->endpoint[i].len == e->len &&
		    memcmp(&a->endpoint[i].sockaddr, &e->sockaddr, e->len) == 0)
			return true;
	return false;
}

bool address_same(const struct address *a, const struct address *b)
{
	for (unsigned i = 0; i < a->endpoints; i++)
		if (!has(b, &a->endpoint[i]))
			return false;
	return a->endpoints == b->endpoints;
}

bool address_pool_valid(const char *pool)
{
	size_t n = strspn(pool, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                        "0123456789._-");

	return n > 0 && n < ADDRESS_POOL_MAX && !pool[n];
}

/* LEN bytes; none of them: the lender's first pool. */
static int set_pool(struct address *a, const char *pool, size_t len, const char *text,
                    char words[static WORDS_MAX])
{
	snprintf(a->pool, sizeof a->pool, "%.*s", (int)len, pool);
	if (len == 0 || (len < sizeof a->pool && address_pool_valid(a->pool)))
		return 0;
	words_print(words, "lender=%.200s: " ADDRESS_POOL_WORDS, text);
	return -1;
}

static int parse_unix_uri(struct address *a, const char *rest, const char *text,
                          char words[static WORDS_MAX])
{
	const char *query = strstr(rest, "?socket=");

	if (*rest != '/')
		return form_error(text, "a unix socket is on no host", words);
	if (!query || strpbrk(query + 1, "&%"))
		return form_error(text, "it names no socket, or says more", words);
	if (set_pool(a, rest + 1, (size_t)(query - rest - 1), text, words) < 0)
		return -1;
	return set_unix(a, query + strlen("?socket="), words);
}

int address_parse(struct address *a, const char *text, char words[static WORDS_MAX])
{
	const char *rest, *slash, *wrong;

	memset(a, 0, sizeof *a);
	if ((rest = hostport_unix(text)))
		return set_unix(a, rest, words);
	if ((rest = after(text, "nbd+unix://")))
		return parse_unix_uri(a, rest, text, words);
	if (after(text, "nbds://") || after(text, "nbds+unix://")) {
		words_print(words, "lender=%.200s: for TLS write nbd:// here, and add "
		            "tls-psk=FILE tls-username=NAME", text);
		return -1;
	}
	rest = after(text, "nbd://");
	if (!rest && strchr(text, '/'))
		return form_error(text, "it is neither a host nor one of our URIs", words);
	if (!rest)
		rest = text;
	slash = strchr(rest, '/');
	wrong = hostport_parse(rest, slash ? (size_t)(slash - rest) : strlen(rest), ADDRESS_PORT,
	                       a->host, a->port);
	if (!wrong && atoi(a->port) == 0)
		wrong = "a port is 1 to 65535";
	if (wrong)
		return form_error(text, wrong, words);
	if (slash && set_pool(a, slash + 1, strlen(slash + 1), text, words) < 0)
		return -1;
	if (resolve(a, AI_NUMERICHOST | AI_NUMERICSERV) == 0)
		*a->host = '\0';
	return 0;
}
