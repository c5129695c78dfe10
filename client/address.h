/* SPDX-License-Identifier: BSD-2-Clause */
/* A lender's address: HOST, HOST:PORT, [ADDR6]:PORT, unix:PATH,
 * nbd://HOST[:PORT][/POOL] or nbd+unix:///[POOL]?socket=PATH. */
#ifndef FARPAGE_ADDRESS_H
#define FARPAGE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define ADDRESS_POOL_MAX 65 /* bytes of a name, with its NUL */
#define ADDRESS_POOL_WORDS \
	"a pool's name has 1 to 64 letters, digits, dots, dashes and underscores"
#define ADDRESS_PORT "10809"

#define ADDRESS_ENDPOINTS_MAX 4

struct endpoint {
	struct sockaddr_storage sockaddr;
	socklen_t len;
};

/* Names are resolved once, here: never on the path of a page. A name may have
 * several addresses, of which the lender listens on some. */
struct address {
	struct endpoint endpoint[ADDRESS_ENDPOINTS_MAX];
	unsigned endpoints;
	char pool[ADDRESS_POOL_MAX]; /* that a URI named, or "" */
};

/* -1 with WORDS (N bytes at most): what was wrong, and the way out. */
int address_parse(struct address *, const char *text, char *words, size_t n);

bool address_pool_valid(const char *pool);

#endif
