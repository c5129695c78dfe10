/* SPDX-License-Identifier: BSD-2-Clause */
/* Listening sockets: "ADDR:PORT", "[ADDR6]:PORT" or "unix:PATH". Accepted
 * connections go to the loops in turn. */
#ifndef FARPAGE_LISTEN_H
#define FARPAGE_LISTEN_H

#include "loop.h"
#include "unix_socket.h"
#include "words.h"

#define LISTEN_EXPOSED_WORDS \
	"other hosts can reach this address, and without TLS they can all read, alter and take " \
	"what is lent; configure TLS, or set allow-plaintext if you mean it"

struct listener;

struct loops {
	struct loop **loop; /* the first one accepts */
	unsigned n, next;
	struct shared shared;
	bool exposed;       /* listening for other hosts is allowed */
	char *const *listen;           /* all addresses to listen on */
	unsigned listens;
	const struct unix_owner *owner; /* of unix sockets; or NULL */
};

/* NULL if ADDRESS has the form of an address, or what is wrong with it. Looks nothing up. */
const char *listen_wrong(const char *address);
/* Can other hosts reach it, as far as can be said without looking it up? */
bool listen_exposed(const char *address);
/* Bind ADDRESS, or all addresses of a name, and accept on the first loop. NULL with words. */
struct listener *listen_on(const char *address, struct loops *loops,
                           char words[static WORDS_MAX]);
/* The same on FD, which listens already. FD is ours from now on, even after an
 * error, but its file is not. */
struct listener *listen_adopt(int fd, struct loops *loops,
                              char words[static WORDS_MAX]);
void listen_close(struct listener *);

#endif
