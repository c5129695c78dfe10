/* SPDX-License-Identifier: BSD-2-Clause */
/* A lender's address: HOST, HOST:PORT, [ADDR6]:PORT, unix:PATH,
 * nbd://HOST[:PORT][/POOL] or nbd+unix:///[POOL]?socket=PATH. */
#ifndef FARPAGE_ADDRESS_H
#define FARPAGE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "hostport.h"
#include "words.h"

#define ADDRESS_POOL_MAX 65 /* bytes of a name, with its NUL */
#define ADDRESS_POOL_WORDS \
	"a pool's name has 1 to 64 letters, digits, dots, dashes and underscores"
#define ADDRESS_PORT "10809"

#define ADDRESS_ENDPOINTS_MAX 4

struct endpoint {
	struct sockaddr_storage sockaddr;
	socklen_t len;
};

/* A name may have several addresses; the lender may listen on only some of them. */
struct address {
	char host[HOSTPORT_HOST_MAX]; /* a name to look up, or "" */
	char port[HOSTPORT_PORT_MAX];
	int unknown;                 /* the last error of getaddrinfo(), or 0 */
	struct endpoint endpoint[ADDRESS_ENDPOINTS_MAX];
	unsigned endpoints;          /* 0: not looked up yet, or not found */
	char pool[ADDRESS_POOL_MAX]; /* from a URI, or "" */
};

/* Parse it, without looking a name up. -1 with WORDS: what was wrong, and the way out. */
int address_parse(struct address *, const char *text, char words[static WORDS_MAX]);
/* Look its name up, which may take long. -1: "unknown" says why, and the endpoints stay as they were. */
int address_look_up(struct address *);
/* Why it has no endpoints. */
void address_say_unknown(const struct address *, char words[static WORDS_MAX]);
/* Do they have the same endpoints, in any order? */
bool address_same(const struct address *, const struct address *);

bool address_pool_valid(const char *pool);

#endif
