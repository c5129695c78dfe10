/* SPDX-License-Identifier: BSD-2-Clause */
/* The link to a lender, over libnbd. Every opening is a claim of the pool, so
 * that nothing sent on an earlier one can still land. */
#include "link.h"

#include <errno.h>
#include <inttypes.h>
#include <libnbd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"

#define PAGE_BYTES 4096

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
	bool up;                /* claimed */
	bool asking;            /* inside one of libnbd's functions that ask */
	unsigned under_way;     /* sent, no reply yet */
	char refusal[LINK_WORDS_MAX]; /* the lender's words while opening */
};

static struct link_nbd *self(struct link *l)
{
	return (struct link_nbd *)l;
}

static void close_nbd(struct link *l)
{
	struct link_nbd *n = self(l);
	struct nbd_handle *nbd = n->nbd;

	if (nbd && !n->up)
		n->at = (n->at + 1) % n->address.endpoints;
	n->nbd = NULL; /* replied() ignores what is called back from here on */
	n->up = false;
	n->under_way = 0;
	if (nbd)
		nbd_close(nbd);
}

/* libnbd's last error, without the name of its function before it. */
static const char *last_error(void)
{
	const char *words = nbd_get_error(), *colon = words ? strstr(words, ": ") : NULL;

	if (!words)
		return "the connection ended";
	return colon && strncmp(words, "nbd_", 4) == 0 ? colon + 2 : words;
}

static void open_nbd(struct link_nbd *n);

/* An opening that fails goes on with the lender's next address, unless it was the
 * lender who refused. */
static void fail(struct link_nbd *n, const char *words)
{
	char copy[LINK_WORDS_MAX];

	bool opening = !n->up;

	snprintf(copy, sizeof copy, "%s", *n->refusal ? n->refusal : words);
	close_nbd(&n->link);
	if (opening && !*n->refusal && ++n->tried < n->address.endpoints) {
		open_nbd(n);
		return;
	}
	n->link.upcalls->down(n->link.owner, copy);
}

/* libnbd tells what a server said of a refusal only in its debug messages. */
static int on_debug(void *user, const char *context, const char *message)
{
	static const char prefix[] = "handshake: server error message: ";
	struct link_nbd *n = user;

	(void)context;
	if (strncmp(message, prefix, sizeof prefix - 1) == 0)
		snprintf(n->refusal, sizeof n->refusal, "the lender says: %s",
		         message + sizeof prefix - 1);
	return 0;
}

/* Both sides prove by the key that they have it. */
static int configure_tls(struct link_nbd *n)
{
	return nbd_set_tls(n->nbd, LIBNBD_TLS_REQUIRE) < 0 ||
	       nbd_set_tls_psk_file(n->nbd, n->psk) < 0 ||
	       nbd_set_tls_username(n->nbd, n->username) < 0 ? -1 : 0;
}

static int configure(struct link_nbd *n)
{
	const struct endpoint *e = &n->address.endpoint[n->at];
	struct nbd_handle *nbd = n->nbd;

	return (n->psk && configure_tls(n) < 0) ||
	       nbd_set_export_name(nbd, n->export) < 0 ||
	       nbd_set_full_info(nbd, true) < 0 ||
	       nbd_set_request_structured_replies(nbd, false) < 0 ||
	       nbd_set_pread_initialize(nbd, false) < 0 ||
	       nbd_set_debug_callback(nbd, (nbd_debug_callback){ .callback = on_debug,
	                                                         .user_data = n }) < 0 ||
	       nbd_set_debug(nbd, true) < 0 ||
	       nbd_aio_connect(nbd, (const struct sockaddr *)&e->sockaddr, e->len) < 0 ? -1 : 0;
}

static void look(struct link_nbd *n);

static void open_nbd(struct link_nbd *n)
{
	*n->refusal = '\0';
	n->nbd = nbd_create();
	if (!n->nbd || configure(n) < 0)
		fail(n, last_error());
	else
		look(n);
}

static void connect_nbd(struct link *l)
{
	struct link_nbd *n = self(l);

	n->tried = 0;
	open_nbd(n);
}

/* A value in the lender's description of the pool: "KEY=VALUE ...". */
static bool value(const char *text, const char *key, char out[static 48])
{
	size_t len = strlen(key);
	const char *at = text;

	for (; (at = strstr(at, key)); at += len)
		if ((at == text || at[-1] == ' ') && at[len] == '=')
			return snprintf(out, 48, "%.*s", (int)strcspn(at + len + 1, " "),
			                at + len + 1) < 48;
	return false;
}

static void set_options(struct link_nbd *n)
{
	int fd = nbd_aio_get_fd(n->nbd);
	unsigned timeout = (unsigned)n->timeout_ms;

	/* Fails on a unix socket, where it is not needed. */
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
}

/* Whoever asked for the lender's first pool goes on with that one, also when
 * another is the first by then. */
static void keep_pool(struct link_nbd *n)
{
	char *name = *n->export == '?' ? nbd_get_canonical_export_name(n->nbd) : NULL;

	if (name)
		snprintf(n->export, sizeof n->export, "%.*s%s",
		         (int)strcspn(name, "@?"), name, n->claim);
	free(name);
}

/* The handshake is over: is it what we claimed? */
static void opened(struct link_nbd *n)
{
	char *text = nbd_get_export_description(n->nbd);
	char incarnation[48], since[48], identity[CORE_IDENTITY_MAX];
	int64_t size = nbd_get_size(n->nbd);
	bool ours = text && value(text, "incarnation", incarnation) &&
	            value(text, "since", since);

	free(text);
	if (!ours || size < 0) {
		fail(n, "it is an NBD server, but not a farpaged: it does not say which "
		        "incarnation of its memory it serves");
		return;
	}
	nbd_set_debug(n->nbd, false);
	set_options(n);
	keep_pool(n);
	n->up = true;
	snprintf(identity, sizeof identity, "%.47s %.47s", incarnation, since);
	n->link.upcalls->up(n->link.owner, identity, (uint64_t)size);
}

/* What has become of the connection? */
static void look(struct link_nbd *n)
{
	if (nbd_aio_is_dead(n->nbd) || nbd_aio_is_closed(n->nbd))
		fail(n, last_error());
	else if (!n->up && nbd_aio_is_ready(n->nbd))
		opened(n);
}

/* ENOTCONN is libnbd's word for a connection that ended, not the lender's:
 * such an operation has no reply, it is down() that decides. */
static int replied(void *user, int *error)
{
	struct op *op = user;
	struct link_nbd *n = op->via;

	if (n->nbd && *error != ENOTCONN) {
		n->under_way--;
		n->link.upcalls->reply(n->link.owner, op, *error);
	}
	/* 1 frees the command, which libnbd 1.14 still reads when the connection
	 * ends while it is asking; it is freed with the handle then. */
	return !n->asking;
}

static int64_t ask(struct link_nbd *n, struct op *op)
{
	uint64_t offset = op->page * PAGE_BYTES;
	size_t length = (size_t)op->pages * PAGE_BYTES;
	nbd_completion_callback done = { .callback = replied, .user_data = op };

	switch (op->kind) {
	case OP_PUT: return nbd_aio_pwrite(n->nbd, op->data, length, offset, done, 0);
	case OP_GET: return nbd_aio_pread(n->nbd, op->data, length, offset, done, 0);
	case OP_FLUSH: return nbd_aio_trim(n->nbd, length, offset, done, 0);
	}
	return -1;
}

static void send_nbd(struct link *l, struct op *op)
{
	struct link_nbd *n = self(l);

	int64_t cookie;

	op->via = n;
	n->under_way++;
	n->asking = true;
	cookie = ask(n, op);
	n->asking = false;
	if (cookie >= 0) {
		if (nbd_aio_is_dead(n->nbd))
			look(n);
		return;
	}
	n->under_way--;
	if (nbd_aio_is_ready(n->nbd) || nbd_aio_is_processing(n->nbd))
		l->upcalls->reply(l->owner, op, nbd_get_errno() ? nbd_get_errno() : EIO);
	else
		look(n);
}

static struct pollfd interest_nbd(struct link *l)
{
	struct link_nbd *n = self(l);
	struct pollfd p = { .fd = -1 };
	unsigned direction;

	if (!n->nbd)
		return p;
	direction = nbd_aio_get_direction(n->nbd);
	p.fd = nbd_aio_get_fd(n->nbd);
	p.events = (short)((direction & LIBNBD_AIO_DIRECTION_READ ? POLLIN : 0) |
	                   (direction & LIBNBD_AIO_DIRECTION_WRITE ? POLLOUT : 0));
	return p;
}

static int notify_once(struct link_nbd *n, short revents)
{
	unsigned direction = nbd_aio_get_direction(n->nbd);

	if (revents & (POLLIN | POLLHUP | POLLERR) &&
	    direction & LIBNBD_AIO_DIRECTION_READ)
		return nbd_aio_notify_read(n->nbd);
	if (revents & (POLLOUT | POLLHUP | POLLERR) &&
	    direction & LIBNBD_AIO_DIRECTION_WRITE)
		return nbd_aio_notify_write(n->nbd);
	return 0;
}

/* Told to read when there is nothing, libnbd 1.14 waits for a reply and sends
 * nothing more until it comes. */
static bool readable(const struct link_nbd *n)
{
	uint8_t byte;

	return recv(nbd_aio_get_fd(n->nbd), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* libnbd takes one reply a call: go on while replies are there. */
static void notify_nbd(struct link *l, short revents)
{
	struct link_nbd *n = self(l);
	unsigned before;

	if (!n->nbd)
		return;
	do {
		before = n->under_way;
		if (notify_once(n, revents) < 0)
			break;
	} while (n->nbd && n->under_way && n->under_way < before && readable(n));
	if (n->nbd)
		look(n);
}

static void free_nbd(struct link *l)
{
	struct link_nbd *n = self(l);

	close_nbd(l);
	free(n->psk);
	free(n->username);
	free(n);
}

static const struct link_ops ops = {
	.connect = connect_nbd,
	.close = close_nbd,
	.send = send_nbd,
	.interest = interest_nbd,
	.notify = notify_nbd,
	.free = free_nbd,
};

struct link *link_nbd(const struct address *address, const char *pool,
                      const struct link_proof *proof, int64_t timeout_ms)
{
	struct link_nbd *n = calloc(1, sizeof *n);

	if (!n)
		return NULL;
	n->link.ops = &ops;
	n->address = *address;
	n->timeout_ms = timeout_ms;
	snprintf(n->claim, sizeof n->claim, "?claim=%s", proof->instance);
	snprintf(n->export, sizeof n->export, "%s%s", pool, n->claim);
	if (!proof->psk)
		return &n->link;
	n->psk = strdup(proof->psk);
	n->username = strdup(proof->username);
	if (!n->psk || !n->username) {
		free_nbd(&n->link);
		return NULL;
	}
	return &n->link;
}
