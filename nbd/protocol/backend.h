/* SPDX-License-Identifier: BSD-2-Clause */
/* The door of the NBD server: one table of operations, which whoever serves by it gives. What is
 * behind them, pools or something else, nobody here knows.
 *
 * A client belongs to one thread, and its operations are called from there; what clients share
 * is the backend's to guard. For each client it is in this order: list, invites, find and info
 * as often as it asks; join; begin; then requests, of which put, fill, get, lost and wanted are
 * called between enter and exit, and erase and settle outside; at last leave, also if it never joined. */
#ifndef FARPAGE_BACKEND_H
#define FARPAGE_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "origin.h"
#include "words.h"

#define BACKEND_NAME_MAX 128 /* of a name that is told, with its NUL */

struct backend_ops;
struct conn;
struct slot;

/* Whoever is at the other end of a connection. A backend has one of its own for each, which begins
 * with this; it is all zeros at first. */
struct client {
	const struct backend_ops *ops;
	const char *peer;          /* for words about it */
	const char *identity;      /* proven by TLS; or NULL */
	struct origin origin;      /* where it comes from */
	struct conn *conn;         /* serve/'s */
	struct slot *slot;         /* becomes a session's; NULL: there is always room */
	/* From any thread, until it left: WHY is words that last. */
	void (*hang_up)(struct client *, const char *why);
	/* From any thread: for how many seconds has nothing been heard of it, though it
	 * was asked? 0: it is there. NULL: always. */
	unsigned (*silent)(const struct client *);

	/* The backend's to say. */
	const char *export;        /* what it joined, in words; NULL: nothing */
	bool read_only;
	bool may_lose;             /* some of what it reads may be LOST; if not, nobody looks */
	bool has_pages;            /* it would lose some with its connection */
	bool zeros;                /* zeros were put over pages that are there: settle() */
};

struct backend {
	const struct backend_ops *ops;
	void *data;                /* the backend's */
};

/* What a client wants to know of, or to join. */
struct backend_ask {
	const char *name;          /* as it came, LEN bytes, not terminated */
	size_t len;
	bool secured;              /* it was said within TLS */
	bool tls_required;         /* nothing should be said outside */
	bool wants_name, wants_description;
};

struct backend_answer {
	uint64_t size;                            /* bytes of the export */
	bool read_only;
	char name[BACKEND_NAME_MAX];              /* if it is wanted: what a further connection says */
	char description[WORDS_MAX];      /* if it is wanted */
	char words[WORDS_MAX];            /* of an error: for the client */
};

enum backend_got {
	GOT_HOLE, /* zeros */
	GOT_DATA,
	GOT_LOST, /* its bytes are gone: to read it is an error */
};

enum backend_end { END_ALL, END_SAID, END_SILENT }; /* the server ends; it said so; it did not */

/* What may be NULL says what that means. */
struct backend_ops {
	size_t client_bytes;       /* of its own client */

	/* SEE the name of each export that CLIENT may know of. */
	void (*list)(const struct backend *, const struct client *,
	             void (*see)(void *data, const char *name), void *data);
	/* Does NAME let CLIENT in even without TLS where that is required? NULL: none does. */
	bool (*invites)(const struct backend *, const struct client *, const char *name, size_t len);
	/* Is there an export of that NAME? */
	bool (*find)(const struct backend *, const struct client *, const char *name, size_t len);
	/* What join() would say now; nothing comes of it. */
	uint32_t (*info)(const struct backend *, const struct client *, const struct backend_ask *,
	                 struct backend_answer *);
	/* 0: it has joined; else an option's error, NBD_REP_ERR_*, with words: UNKNOWN, there is no
	 * such export, or another. */
	uint32_t (*join)(const struct backend *, struct client *, const struct backend_ask *,
	                 struct backend_answer *);
	/* It has been told so, and requests follow. NULL: that is nothing to log. */
	void (*begin)(struct client *);
	void (*leave)(struct client *, enum backend_end);

	/* Between these two its requests may be carried out; -1: they may not any more, hang up. What
	 * get() points to is good until exit(). */
	int (*enter)(struct client *);
	void (*exit)(struct client *);
	/* OFFSET and LEN in bytes, within the export; whole pages, but for a request's first and
	 * last. put: 0, or -1 with EPERM, EIO, or ENOSPC, and all other pages were put. Zeros make no
	 * page be there where none is; fill: the same for zeros that do. */
	int (*put)(struct client *, uint64_t offset, size_t len, const uint8_t *data);
	int (*fill)(struct client *, uint64_t offset, size_t len);
	/* What a run of bytes is, from OFFSET on, and if DATA where; LEN shrinks to what it covers. */
	enum backend_got (*get)(struct client *, uint64_t offset, size_t *len, const uint8_t **data);
	/* Is some of that LOST? NULL: no client.may_lose. */
	bool (*lost)(struct client *, uint64_t offset, size_t len);
	/* From which byte on the pages are wanted back; the export's size, or more: none are. NULL: so
	 * always, and x-farpage:vacate is not offered. */
	uint64_t (*wanted)(struct client *);
	/* Outside: pages from *OFFSET up to END become absent, and parts of a page zeros; at most MAX
	 * are freed a call, and *OFFSET moves on. Returns how many were; -1: EIO for a part of a page
	 * that is lost (*OFFSET moves on all the same), EPERM, or else hang up. */
	int64_t (*erase)(struct client *, uint64_t *offset, uint64_t end, uint64_t max);
	/* Outside: the same for those that are all zeros, after a put that set client.zeros; at most MAX are
	 * looked at. Returns how many were; -1: hang up. NULL: it is never set. */
	int64_t (*settle)(struct client *, uint64_t *offset, uint64_t end, uint64_t max);

	/* How long has the client's next request to wait, ns? 0: it goes on, and so much is counted.
	 * charge: so much is counted. NULL, both: there is no limit. */
	uint64_t (*pace)(struct client *, uint64_t requests, uint64_t bytes);
	void (*charge)(struct client *, uint64_t requests, uint64_t bytes);
	/* So many bytes are going to be sent to it. NULL: nobody counts. */
	void (*reads)(struct client *, uint64_t bytes);
};

#endif
