/* SPDX-License-Identifier: BSD-2-Clause */
/* The door of the NBD server: one table of operations, which the program that serves provides. The
 * server does not know what is behind them, pools or something else.
 *
 * A client belongs to one thread, which calls its operations; the backend guards what clients
 * share. For each client the order is: list, invites, find and info as often as it asks; join;
 * begin; then requests, which call put, fill, get, look, wait, lost and wanted between enter and
 * exit, and erase and settle outside; at last leave, even if the client never joined.
 *
 * A backend that cannot answer at once has submit: then READ, WRITE, TRIM and WRITE_ZEROES are given to it
 * in parts, which it answers later, in any order, and put, fill, get, erase and what belongs to them are not
 * called. All of it is on the client's thread. */
#ifndef FARPAGE_BACKEND_H
#define FARPAGE_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "origin.h"
#include "page.h"
#include "words.h"

#define BACKEND_NAME_MAX 128 /* of a name that the server sends, with its NUL */

struct backend_ops;
struct conn;
struct job;
struct late_requests;
struct slot;

/* The client at the other end of a connection. A backend has its own structure for each, which
 * begins with this one; it is all zeros at first. */
struct client {
	const struct backend_ops *ops;
	const char *peer;          /* for messages about it */
	const char *identity;      /* proven by TLS; or NULL */
	struct origin origin;      /* where it comes from */
	struct conn *conn;         /* for serve/ */
	struct slot *slot;         /* becomes a session's; NULL: there is always room */
	/* From any thread, until it left: WHY is words that last. */
	void (*hang_up)(struct client *, const char *why);
	/* From any thread, until it left: what it waits for has come. */
	void (*wake)(struct client *);
	/* From any thread: for how many seconds it has been silent, although it was probed. 0: it
	 * is there. NULL: it always is. */
	unsigned (*silent)(const struct client *);
	/* Something has changed for it: a part was answered, or there is room that it waited for. Only notes
	 * that, so it may be said anywhere on its thread. */
	void (*stir)(struct client *);

	/* The backend sets these. */
	const char *export;        /* what it joined, in words; NULL: nothing */
	bool read_only;
	bool may_lose;             /* some of what it reads may be LOST; if not, nothing looks for that */
	bool has_pages;            /* it would lose pages with its connection */
	bool zeros;                /* zeros were put over pages that exist: call settle() */
	unsigned parts_at_once;    /* submit: as many it can have at once, if it waits; at least 1 */
};

/* How many pages a part has at most, if it has data. */
#define PART_PAGES 32
#define PART_BYTES (PART_PAGES * PAGE_BYTES)

enum part_verb { PART_READ, PART_WRITE, PART_ZERO };

/* A part of a request that is answered later, with room for its data; a backend has its own structure for
 * it, which begins with this one. The server's from take() to submit(), the backend's until part_answer(),
 * then the server's again until give(), or at once the backend's if the client has gone. */
struct part {
	uint8_t *room;             /* PART_BYTES, aligned to a page; the backend sets it once */
	enum part_verb verb;
	uint64_t offset;
	uint32_t length;
	uint8_t *data;             /* READ, WRITE: LENGTH bytes, in the room as they are in their pages */
	/* For the server. */
	const struct backend_ops *ops;
	struct late_requests *late; /* NULL: its client has gone */
	struct job *job;
	struct part *next;
	LIST_ENTRY(part) link;
	uint32_t total;            /* bytes that its reply's header announces */
	bool answered;
};

struct backend {
	const struct backend_ops *ops;
	void *data;                /* for the backend */
};

/* The export that a client asks about, or wants to join. */
struct backend_ask {
	const char *name;          /* as it came, LEN bytes, not terminated */
	size_t len;
	bool secured;              /* it was said within TLS */
	bool tls_required;         /* nothing may be said outside TLS */
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
	GOT_LOST, /* its bytes are gone: reading it is an error */
	GOT_LATER, /* it is data, whose bytes are being fetched */
};

enum backend_end { END_ALL, END_SAID, END_SILENT }; /* the server ends; the client said so; it did not */

/* Where an operation may be NULL, the comment says what that means. */
struct backend_ops {
	size_t client_bytes;       /* the size of the backend's client structure */

	/* Call SEE with the name of each export that CLIENT may know of. */
	void (*list)(const struct backend *, const struct client *,
	             void (*see)(void *data, const char *name), void *data);
	/* Does NAME let CLIENT in without TLS even if TLS is required? NULL: no name does. */
	bool (*invites)(const struct backend *, const struct client *, const char *name, size_t len);
	/* Is there an export of that NAME? */
	bool (*find)(const struct backend *, const struct client *, const char *name, size_t len);
	/* What join() would say now, without joining. */
	uint32_t (*info)(const struct backend *, const struct client *, const struct backend_ask *,
	                 struct backend_answer *);
	/* 0: it has joined; else an option's error, NBD_REP_ERR_*, with words: UNKNOWN, there is no
	 * such export, or another. */
	uint32_t (*join)(const struct backend *, struct client *, const struct backend_ask *,
	                 struct backend_answer *);
	/* The client has been told that it joined, and requests follow. NULL: there is nothing to log. */
	void (*begin)(struct client *);
	void (*leave)(struct client *, enum backend_end);

	/* Between these two its requests may be carried out; -1: no longer, hang up. What get() points
	 * to is valid until exit(). */
	int (*enter)(struct client *);
	void (*exit)(struct client *);
	/* OFFSET and LEN in bytes, within the export; whole pages, except for a request's first and
	 * last. put: 0, or -1 with EPERM, EIO, or ENOSPC; all other pages were put. Putting zeros does
	 * not create a page; fill puts zeros that do. */
	int (*put)(struct client *, uint64_t offset, size_t len, const uint8_t *data);
	int (*fill)(struct client *, uint64_t offset, size_t len);
	/* What a run of bytes from OFFSET on is, and where it is if it is DATA; LEN shrinks to the run. */
	enum backend_got (*get)(struct client *, uint64_t offset, size_t *len, const uint8_t **data);
	/* The same without the bytes, and never LATER. */
	enum backend_got (*look)(struct client *, uint64_t offset, size_t *len);
	/* After get() said LATER of OFFSET: client.wake is called when get() would say something else.
	 * false: it already would. NULL: get() never says LATER. */
	bool (*wait)(struct client *, uint64_t offset);
	/* Is some of that LOST? NULL: client.may_lose is never set. */
	bool (*lost)(struct client *, uint64_t offset, size_t len);
	/* From which byte on pages are wanted back; the export's size, or more: none are. NULL: none
	 * ever are, and x-farpage:vacate is not offered. */
	uint64_t (*wanted)(struct client *);
	/* Outside: make pages from *OFFSET up to END absent, and parts of a page zeros. A call frees at
	 * most MAX pages, and *OFFSET moves on. Returns how many; -1: EIO for a part of a page that is
	 * lost (*OFFSET moves on all the same), EPERM, or else hang up. */
	int64_t (*erase)(struct client *, uint64_t *offset, uint64_t end, uint64_t max);
	/* Outside: the same for pages that are all zeros, after a put that set client.zeros. A call looks at
	 * at most MAX. Returns how many; -1: hang up. NULL: client.zeros is never set. */
	int64_t (*settle)(struct client *, uint64_t *offset, uint64_t end, uint64_t max);

	/* Room for N parts, 1 or at most client.parts_at_once, in a list (next); with N more than 1 there are all
	 * or none. NULL: not now; client.stir is called when it is worth another try. NULL if submit is. */
	struct part *(*take)(struct client *, unsigned n);
	/* Carry it out. NULL: the operations above do that. */
	void (*submit)(struct part *);
	/* Its room is no longer needed. May be called after the client left. */
	void (*give)(struct part *);

	/* How long the client's next request must wait, ns. 0: it goes on, and is counted. charge only
	 * counts. Both NULL: there is no limit. */
	uint64_t (*pace)(struct client *, uint64_t requests, uint64_t bytes);
	void (*charge)(struct client *, uint64_t requests, uint64_t bytes);
	/* So many bytes will be sent to it. NULL: they are not counted. */
	void (*reads)(struct client *, uint64_t bytes);
};

/* The backend's answer to a part that was submitted, maybe from within submit: 0 or an errno. READ: its data is
 * there, and stays until give(). */
void part_answer(struct part *, int error);

#endif
