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

/* Names are resolved once, here: never on the path of a page. */
struct address {
	struct sockaddr_storage sockaddr;
	socklen_t len;
	char pool[ADDRESS_POOL_MAX]; /* that a URI named, or "" */
};

/* -1 with WORDS (N bytes at most): what was wrong, and the way out. */
int address_parse(struct address *, const char *text, char *words, size_t n);

bool address_pool_valid(const char *pool);

#endif
