/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening the link to a lender, by libnbd. Every opening is a claim of the pool, so
 * that nothing sent on an earlier one can still land. Before that it asks whose memory it
 * is: an address may lead to where another link has its pages, which a claim would cut. */
#include "link_nbd.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "standard.h"

#define KEEPALIVE_SECONDS 5 /* idle until a link is probed, and from probe to probe */

/* Which steps there are: bit S of steps[T] says that T may follow S. */
static const unsigned steps[] = {
	[LINK_CLOSED] = ~0u,
	[LINK_HELLO] = 1 << LINK_CLOSED,
	[LINK_ASKS] = 1 << LINK_HELLO,
	[LINK_CLAIMS] = 1 << LINK_ASKS,
	[LINK_UP] = 1 << LINK_CLAIMS,
	[LINK_ENDING] = 1 << LINK_UP | 1 << LINK_ENDING,
};

static void set_state(struct link_nbd *n, enum link_state state)
{
	assert(steps[state] & 1u << n->state);
	n->state = state;
}

void link_nbd_close(struct link *l)
{
	struct link_nbd *n = link_nbd_of(l);
	struct nbd_handle *nbd = n->nbd;

	if (nbd && !link_nbd_up(n))
		n->at = n->at + 1 < n->address.endpoints ? n->at + 1 : 0;
	n->nbd = NULL; /* replied() ignores what is called back from here on */
	set_state(n, LINK_CLOSED);
	n->under_way = 0;
	wire_close(&n->wire);
	if (nbd)
		nbd_close(nbd);
}

void link_nbd_reply(struct link_nbd *n, struct ask *ask, int error)
{
	if (error == ESHUTDOWN)
		set_state(n, LINK_ENDING);
	else
		n->link.upcalls->reply(&n->link, ask, error);
}

bool link_nbd_ended(struct link_nbd *n)
{
	if (n->state != LINK_ENDING)
		return false;
	link_nbd_fail(n, "the lender is shutting down");
	return true;
}

static void open_nbd(struct link_nbd *n);

/* libnbd's words may hold the whole name that was asked for. */
static void hide_claim(char *words)
{
	char *claim = strstr(words, "?claim=");

	if (claim)
		memmove(claim, claim + strcspn(claim, "' "), strlen(claim + strcspn(claim, "' ")) + 1);
}

/* An opening that fails goes on with the lender's next address, unless it was the
 * lender who refused. */
void link_nbd_fail(struct link_nbd *n, const char *words)
{
	char copy[WORDS_MAX];
	bool opening = !link_nbd_up(n);

	words_print(copy, "%s", *n->refusal ? n->refusal : words);
	hide_claim(copy);
	link_nbd_close(&n->link);
	if (opening && !*n->refusal && ++n->tried < n->address.endpoints) {
		open_nbd(n);
		return;
	}
	n->link.upcalls->down(&n->link, copy);
}

/* People will read it: one line of text, whatever a lender says. */
static void make_printable(char *words)
{
	for (; *words; words++)
		if (*words < ' ' || *words > '~')
			*words = '?';
}

/* libnbd before 1.20 tells what a server said of a refusal only in its debug messages. */
static int on_debug(void *user, const char *context, const char *message)
{
	static const char prefix[] = "handshake: server error message: ";
	struct link_nbd *n = user;

	(void)context;
	if (strncmp(message, prefix, sizeof prefix - 1) == 0) {
		snprintf(n->refusal, sizeof n->refusal, "the lender says: %s",
		         message + sizeof prefix - 1);
		make_printable(n->refusal);
	}
	return 0;
}

static int configure(struct link_nbd *n)
{
	const struct endpoint *e = &n->address.endpoint[n->at];
	struct nbd_handle *nbd = n->nbd;

	return link_nbd_prove(nbd, n->psk, n->username) < 0 ||
	       nbd_set_opt_mode(nbd, true) < 0 ||
	       nbd_set_full_info(nbd, true) < 0 ||
	       nbd_set_request_structured_replies(nbd, false) < 0 ||
	       nbd_set_pread_initialize(nbd, false) < 0 ||
	       nbd_set_debug_callback(nbd, (nbd_debug_callback){ .callback = on_debug,
	                                                         .user_data = n }) < 0 ||
	       nbd_set_debug(nbd, true) < 0 ||
	       nbd_aio_connect(nbd, (const struct sockaddr *)&e->sockaddr, e->len) < 0 ? -1 : 0;
}

static void open_nbd(struct link_nbd *n)
{
	*n->refusal = *n->option_error = '\0';
	set_state(n, LINK_HELLO);
	standard_fill(); /* the program may have closed one since */
	n->nbd = nbd_create();
	if (!n->nbd || configure(n) < 0)
		link_nbd_fail(n, link_nbd_error());
	else
		link_nbd_look(n);
}

void link_nbd_connect(struct link *l)
{
	struct link_nbd *n = link_nbd_of(l);
	char words[WORDS_MAX];

	n->tried = 0;
	if (n->address.endpoints) {
		open_nbd(n);
		return;
	}
	address_say_unknown(&n->address, words);
	l->upcalls->down(l, words);
}

void link_nbd_address(struct link *l, const struct address *address)
{
	struct link_nbd *n = link_nbd_of(l);

	n->address = *address;
	n->at = 0;
	l->ways = address->endpoints;
}

/* A lender that goes away without a word is found out in 15 s at most, also while nothing
 * is asked of it. All fail on a unix socket, where they are not needed. */
static void set_options(struct link_nbd *n)
{
	int fd = nbd_aio_get_fd(n->nbd), on = 1, seconds = KEEPALIVE_SECONDS;
	unsigned timeout = (unsigned)n->timeout_ms;

	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof seconds);
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
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

static const char no_farpaged[] = "it is an NBD server, but not a farpaged: it does not say "
                                  "which incarnation of its memory it serves";

/* An option has been answered, or never will be. Newer libnbd has the server's words here. */
static int on_option(void *user, int *error)
{
	struct link_nbd *n = user;

	if (*error)
		words_print(n->option_error, "%s", link_nbd_error());
	return 0;
}

/* The lender waits for the next option, and refused WHAT, the one before. */
static const char *refusal(struct link_nbd *n, const char *what)
{
	if (!*n->refusal) {
		words_print(n->refusal, "the lender refuses %s: %s", what, n->option_error);
		make_printable(n->refusal);
	}
	return n->refusal;
}

static int ask_whose(struct link_nbd *n)
{
	nbd_completion_callback done = { .callback = on_option, .user_data = n };
	char pool[ADDRESS_POOL_MAX];

	link_nbd_pool(&n->link, pool);
	set_state(n, LINK_ASKS);
	return nbd_set_export_name(n->nbd, pool) < 0 ||
	       nbd_aio_opt_info(n->nbd, done) < 0 ? -1 : 0;
}

static int claim(struct link_nbd *n)
{
	nbd_completion_callback done = { .callback = on_option, .user_data = n };

	set_state(n, LINK_CLAIMS);
	return nbd_set_export_name(n->nbd, n->export) < 0 ||
	       nbd_aio_opt_go(n->nbd, done) < 0 ? -1 : 0;
}

/* The lender waits for an option, and has answered the one before. NULL, or what is wrong. */
static const char *negotiate(struct link_nbd *n)
{
	char identity[IDENTITY_MAX];
	const char *wrong;

	switch (n->state) {
	case LINK_HELLO:
		return ask_whose(n) < 0 ? link_nbd_error() : NULL;
	case LINK_ASKS:
		if (!link_nbd_identity(n->nbd, identity))
			return *n->option_error ? refusal(n, "to tell of the pool") : no_farpaged;
		wrong = n->link.upcalls->meets(&n->link, identity);
		return wrong ? wrong : claim(n) < 0 ? link_nbd_error() : NULL;
	case LINK_CLAIMS:
	case LINK_CLOSED:
	case LINK_UP:
	case LINK_ENDING:
		break;
	}
	return refusal(n, "the claim");
}

/* The handshake is over: is it what we claimed? */
static void opened(struct link_nbd *n)
{
	char identity[IDENTITY_MAX];
	int64_t size = nbd_get_size(n->nbd);

	if (n->state != LINK_CLAIMS || !link_nbd_identity(n->nbd, identity) || size < 0) {
		link_nbd_fail(n, no_farpaged);
		return;
	}
	nbd_set_debug(n->nbd, false);
	set_options(n);
	keep_pool(n);
	set_state(n, LINK_UP);
	wire_open(&n->wire, nbd_aio_get_fd(n->nbd));
	n->link.upcalls->up(&n->link, identity, (uint64_t)size / PAGE_BYTES);
}

/* An answer may be here before what asks for it returns. */
void link_nbd_look(struct link_nbd *n)
{
	const char *wrong;

	while (!link_nbd_up(n) && nbd_aio_is_negotiating(n->nbd))
		if ((wrong = negotiate(n))) {
			link_nbd_fail(n, wrong);
			return;
		}
	if (nbd_aio_is_dead(n->nbd) || nbd_aio_is_closed(n->nbd))
		link_nbd_fail(n, link_nbd_error());
	else if (!link_nbd_up(n) && nbd_aio_is_ready(n->nbd))
		opened(n);
}

struct pollfd link_nbd_interest(struct link *l)
{
	return link_nbd_poll(link_nbd_of(l)->nbd);
}

void link_nbd_pool(const struct link *l, char *pool)
{
	const char *export = ((const struct link_nbd *)l)->export;

	snprintf(pool, ADDRESS_POOL_MAX, "%.*s", (int)strcspn(export, "?"), export);
}

bool link_nbd_free(struct link *l)
{
	struct link_nbd *n = link_nbd_of(l);

	link_nbd_close(l);
	wire_free(&n->wire);
	free(n->psk);
	free(n->username);
	free(n);
	return true;
}

struct link *link_nbd(const struct address *address, const char *pool,
                      const struct link_proof *proof, int64_t timeout_ms)
{
	struct link_nbd *n = calloc(1, sizeof *n);

	if (!n)
		return NULL;
	n->link.ops = proof->psk ? &link_tls_ops : &link_plain_ops;
	link_nbd_address(&n->link, address);
	n->timeout_ms = timeout_ms;
	snprintf(n->claim, sizeof n->claim, "?claim=%s", proof->instance);
	snprintf(n->export, sizeof n->export, "%s%s", pool, n->claim);
	if (wire_make(&n->wire) < 0)
		goto err;
	if (!proof->psk)
		return &n->link;
	n->psk = strdup(proof->psk);
	n->username = strdup(proof->username);
	if (n->psk && n->username)
		return &n->link;
err:
	link_nbd_free(&n->link);
	return NULL;
}
