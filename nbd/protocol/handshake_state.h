/* SPDX-License-Identifier: BSD-2-Clause */
/* How far the handshake of one connection is. */
#ifndef FARPAGE_HANDSHAKE_STATE_H
#define FARPAGE_HANDSHAKE_STATE_H

#include "backend.h"
#include "buf.h"
#include "terms.h"
#include "tls.h"

/* The most an option may carry: the longest name and a long list of infos. A caller
 * must be able to keep this much between two calls. */
#define HANDSHAKE_OPTION_MAX 8192
#define HANDSHAKE_KEEP_BYTES (16 + HANDSHAKE_OPTION_MAX)
/* Larger options are skipped and refused up to this size; beyond, hang up. */
#define HANDSHAKE_SKIP_MAX   (1u << 20)
#define HANDSHAKE_OPTIONS    256 /* of one client, before we hang up */
#define HANDSHAKE_OUT_MAX    65536 /* owed to a client that keeps asking */

enum handshake_state {
	HANDSHAKE_FLAGS,   /* the client's flags come next */
	HANDSHAKE_OPTION,  /* an option comes next */
	HANDSHAKE_SKIP,    /* the rest of an oversized option comes next */
	HANDSHAKE_TLS,     /* send what is in the buffer, then TLS begins */
	HANDSHAKE_DONE,    /* the client has joined: transmission begins */
	HANDSHAKE_CLOSE,   /* send what is in the buffer, then hang up */
};

struct handshake {
	enum handshake_state state;
	const struct backend *backend;
	struct client *client; /* joins there; its identity is set */
	enum tls_mode tls;
	bool secured;          /* by TLS: the client's identity is known */
	bool no_zeroes;
	bool ending;           /* the lender ends: options are refused from now on */
	unsigned options;      /* how many so far */
	uint32_t option;       /* being skipped */
	uint32_t skip;         /* bytes of it left */
	struct buf chosen;     /* the export name that terms.contexts are for */
	struct terms terms;    /* good once DONE */
	const char *why;       /* state CLOSE: words for the log, or NULL */
	size_t room;           /* bytes of answers that it may owe; the last one is owed whole */
};

/* The one way from state to state; and to an end by failure, with WHY for the log. */
void handshake_set_state(struct handshake *, enum handshake_state);
void handshake_hang_up(struct handshake *, const char *why);

#endif
