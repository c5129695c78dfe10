/* SPDX-License-Identifier: BSD-2-Clause */
/* The handshake of one connection: bytes of the client in, bytes for it out,
 * and in the end a member of a pool. Fixed newstyle. Its bytes are those within TLS.
 * Knows no socket; one thread. */
#ifndef FARPAGE_HANDSHAKE_H
#define FARPAGE_HANDSHAKE_H

#include "buf.h"
#include "export.h"
#include "limit.h"
#include "member.h"
#include "terms.h"
#include "tls.h"

/* The most an option may carry: the longest name and a long list of infos.
 * What a caller must be able to keep between two calls is this much. */
#define HANDSHAKE_OPTION_MAX 8192
#define HANDSHAKE_KEEP_BYTES (16 + HANDSHAKE_OPTION_MAX)
/* Larger options are skipped and refused up to this size; beyond, hang up. */
#define HANDSHAKE_SKIP_MAX   (1u << 20)
#define HANDSHAKE_OPTIONS    256 /* a client, before we hang up */
#define HANDSHAKE_OUT_MAX    65536 /* owed to a client that goes on asking */

enum handshake_state {
	HANDSHAKE_FLAGS,   /* the client's flags come next */
	HANDSHAKE_OPTION,  /* an option comes next */
	HANDSHAKE_SKIP,    /* the rest of an oversized option comes next */
	HANDSHAKE_TLS,     /* send what is in the buffer, then TLS begins */
	HANDSHAKE_DONE,    /* member is in its pool: transmission begins */
	HANDSHAKE_CLOSE,   /* send what is in the buffer, then hang up */
};

struct handshake {
	enum handshake_state state;
	struct pools *pools;
	struct member *member; /* joins here; its peer and fence are set */
	enum tls_mode tls;
	bool secured;          /* by TLS: member's identity is known */
	bool no_zeroes;
	bool ending;           /* the lender is: options are refused from now on */
	unsigned options;      /* how many so far */
	uint32_t option;       /* being skipped */
	uint32_t skip;         /* bytes of it left */
	struct buf chosen;     /* the export name that terms.contexts are for */
	struct terms terms;    /* good once DONE */
	const char *why;       /* state CLOSE: words for the log, or NULL */
	size_t room;           /* bytes that it may owe; an answer is owed whole */
	struct slot *slot;     /* becomes a session's; NULL: there is always room */
};

/* Begin: the server's greeting goes to OUT. */
void handshake_start(struct handshake *, struct pools *, struct member *, enum tls_mode,
                     struct buf *out);

/* It is over: what it keeps is freed. */
void handshake_end(struct handshake *);

/* State TLS: it has begun. What was said before it is forgotten. */
void handshake_secured(struct handshake *);

/* The one way from state to state, and the one that ends badly: WHY is for the log. */
void handshake_set_state(struct handshake *, enum handshake_state);
void handshake_hang_up(struct handshake *, const char *why);

/* It owes so much that no option is taken until some of it is sent. */
bool handshake_full(const struct handshake *, const struct buf *out);
/* Consume what can be consumed of LEN bytes; the rest comes again with more
 * behind it, or when OUT is empty. Returns the number consumed. */
size_t handshake_feed(struct handshake *, const uint8_t *in, size_t len,
                      struct buf *out);

#endif
