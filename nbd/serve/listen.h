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
	bool exposed;       /* listening beyond this host is fine */
	char *const *listen;           /* all addresses that are to be listened on */
	unsigned listens;
	const struct unix_owner *owner; /* of unix sockets; or NULL */
};

/* NULL: ADDRESS has the form of one; or what is wrong with it. Looks nothing up. */
const char *listen_wrong(const char *address);
/* Is it, as far as can be seen without looking it up, one that other hosts reach? */
bool listen_exposed(const char *address);
/* Bind ADDRESS, all that a name stands for, and accept on loops' first loop. NULL with words. */
struct listener *listen_on(const char *address, struct loops *loops,
                           char words[static WORDS_MAX]);
/* The same on FD, which listens already. It is ours from now on, also after an
 * error, but its file is not. */
struct listener *listen_adopt(int fd, struct loops *loops,
                              char words[static WORDS_MAX]);
void listen_close(struct listener *);

#endif
