/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the link to a lender share: link_nbd.c opens it, by libnbd;
 * then link_plain.c carries pages on its socket, or link_tls.c through libnbd, which
 * has the TLS session. */
#ifndef FARPAGE_LINK_NBD_H
#define FARPAGE_LINK_NBD_H

#include <libnbd.h>

#include "address.h"
#include "link.h"
#include "wire.h"

struct link_nbd {
	struct link link;
	struct address address;
	unsigned at;            /* the endpoint that is used, or tried next */
	unsigned tried;         /* endpoints, in this opening */
	char export[256];
	char claim[128];        /* the end of EXPORT, behind the pool's name */
	char *psk, *username;   /* NULL: without TLS */
	int64_t timeout_ms;
	struct nbd_handle *nbd; /* NULL: closed */
	enum { LINK_HELLO, LINK_ASKS, LINK_CLAIMS } step; /* of an opening, see link_nbd.c */
	bool up;                /* claimed */
	bool ending;            /* the lender said that it shuts down */
	char refusal[WORDS_MAX]; /* the lender's words while opening */

	struct wire wire;       /* without TLS, once it is up */
	bool asking;            /* TLS: inside one of libnbd's functions that ask */
	unsigned under_way;     /* TLS: sent, no reply yet */
};

static inline struct link_nbd *link_nbd_of(struct link *l)
{
	return (struct link_nbd *)l;
}

/* What a request came to. A lender that shuts down has not carried it out: that is no reply,
 * but the end of the link, which its caller sees to with link_nbd_ended(). */
void link_nbd_reply(struct link_nbd *, struct ask *, int error);
/* Did the lender say that it shuts down? Then the link has failed. */
bool link_nbd_ended(struct link_nbd *);
/* It ended, or did not come about. WORDS may be libnbd's. */
void link_nbd_fail(struct link_nbd *, const char *words);
/* libnbd's last error, without the name of its function before it. */
const char *link_nbd_error(void);
/* What has become of the connection, as libnbd sees it? */
void link_nbd_look(struct link_nbd *);

void link_nbd_connect(struct link *);
void link_nbd_close(struct link *);
bool link_nbd_free(struct link *);
/* While libnbd has the socket. */
struct pollfd link_nbd_interest(struct link *);

/* Of any connection to a lender, also one that is no link. */
/* Both sides prove by the key that they have it; PSK NULL: they need not. -1: see libnbd. */
int link_nbd_prove(struct nbd_handle *, const char *psk, const char *username);
/* Whose memory is it? False: it is no farpaged. */
bool link_nbd_identity(struct nbd_handle *, char identity[static IDENTITY_MAX]);
/* NULL: it is closed. */
struct pollfd link_nbd_poll(struct nbd_handle *);
/* -1: look what has become of it. */
int link_nbd_notify(struct nbd_handle *, short revents);

extern const struct link_ops link_plain_ops, link_tls_ops;

#endif
