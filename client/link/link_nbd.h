/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of the link to a lender: link_nbd.c opens it with libnbd; then
 * link_plain.c carries pages on its socket, or link_tls.c through libnbd, which has
 * the TLS session. */
#ifndef FARPAGE_LINK_NBD_H
#define FARPAGE_LINK_NBD_H

#include <libnbd.h>

#include "address.h"
#include "link.h"
#include "wire.h"

enum link_state {
	LINK_CLOSED,
	LINK_HELLO,   /* connecting, and greeting */
	LINK_ASKS,    /* whose memory is it? */
	LINK_CLAIMS,  /* the pool */
	LINK_UP,
	LINK_ENDING,  /* up, and the lender said that it shuts down */
};

struct link_nbd {
	struct link link;
	struct address address;
	unsigned at;            /* the endpoint in use, or to try next */
	unsigned tried;         /* how many endpoints, in this opening */
	char export[256];
	char claim[128];        /* the end of the export name, behind the pool's */
	char *psk, *username;   /* NULL: without TLS */
	int64_t timeout_ms;
	struct nbd_handle *nbd; /* NULL: closed */
	enum link_state state;  /* link_nbd.c changes it, by set_state() */
	char refusal[WORDS_MAX]; /* the lender's words while opening */
	char option_error[WORDS_MAX]; /* libnbd's, of the option that was answered last */

	struct wire wire;       /* without TLS, once it is up */
	bool asking;            /* TLS: inside one of libnbd's functions that ask */
	unsigned under_way;     /* TLS: sent, no reply yet */
};

static inline struct link_nbd *link_nbd_of(struct link *l)
{
	return (struct link_nbd *)l;
}

/* Is its pool claimed? */
static inline bool link_nbd_up(const struct link_nbd *n)
{
	return n->state == LINK_UP || n->state == LINK_ENDING;
}

/* The outcome of a request. A lender that shuts down has not carried it out: that is no reply but
 * the end of the link, which the caller handles with link_nbd_ended(). */
void link_nbd_reply(struct link_nbd *, struct ask *, int error);
/* Did the lender say that it shuts down? Then the link has failed. */
bool link_nbd_ended(struct link_nbd *);
/* The connection ended, or could not be made. WORDS may be libnbd's. */
void link_nbd_fail(struct link_nbd *, const char *words);
/* libnbd's last error, without the name of the function in front. */
const char *link_nbd_error(void);
/* Look at the state of the connection in libnbd. */
void link_nbd_look(struct link_nbd *);

void link_nbd_connect(struct link *);
void link_nbd_close(struct link *);
bool link_nbd_free(struct link *);
/* While libnbd has the socket. */
struct pollfd link_nbd_interest(struct link *);

/* For any connection to a lender, even one that is no link. */
/* Have both sides prove that they have the key; PSK NULL: do not. -1: see libnbd. */
int link_nbd_prove(struct nbd_handle *, const char *psk, const char *username);
/* Whose memory is it? False: it is not a farpaged. */
bool link_nbd_identity(struct nbd_handle *, char identity[static IDENTITY_MAX]);
/* NULL: it is closed. */
struct pollfd link_nbd_poll(struct nbd_handle *);
/* -1: look at the connection's state. */
int link_nbd_notify(struct nbd_handle *, short revents);

extern const struct link_ops link_plain_ops, link_tls_ops;

#endif
