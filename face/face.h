/* SPDX-License-Identifier: BSD-2-Clause */
/* A face: how pages are asked for, by a kernel or by a client. It gives each request to its owner, who answers
 * it at once or later, in any order.
 *
 * open → start → owner.started → requests → stop → owner.ended → close. All of it on the loop's thread, which
 * opened the face; the owner is only ever called from within its loop. open, start and close allocate and may
 * wait for the kernel for moments; requests and answers do not. */
#ifndef FARPAGE_FACE_H
#define FARPAGE_FACE_H

#include <stdbool.h>
#include <stdint.h>

#include "page.h"
#include "words.h"

struct ev_loop;
struct face;
struct face_nbd_terms;

enum face_verb {
	FACE_GET,
	FACE_PUT,
	FACE_FLUSH, /* forget pages: they are zeros from now on */
};

/* The owner's from submit until its answer. */
struct face_request {
	enum face_verb verb;
	uint32_t pages;   /* at least 1; of GET and PUT at most face.most_pages */
	uint64_t page;    /* the first; all are within the device */
	uint8_t *data;    /* GET, PUT: PAGES * PAGE_BYTES, aligned to a page, locked; it is the face's. FLUSH: NULL */
	void *user;       /* the owner's room; stays from one request to the next that has the same structure */
	struct face *face;
};

struct face_owner {
	void (*submit)(void *user, struct face_request *);
	/* The device is there, in which case WHY is NULL; or it is not, and ended() follows. */
	void (*started)(void *user, const char *why);
	/* Are the *N pages from PAGE on known to be zeros? *N, at least 1, shrinks to a run of which the answer is
	 * true. NULL: nothing is known. */
	bool (*look)(void *user, uint64_t page, uint64_t *n);
	/* No request comes any more, and close() is due. WHY says what has gone wrong, or is NULL. */
	void (*ended)(void *user, const char *why);
};

struct face_terms {
	uint64_t pages;   /* the device's size */
	unsigned depth;   /* requests that may be out at a time; 0: FACE_DEPTH */
	int device;       /* ublk: the number in /dev/ublkbN; -1: a free one */
	const struct face_nbd_terms *nbd; /* nbd: see face_nbd.h */
};

/* Of 32 pages each, this is 4.5 MiB of locked buffers. An NBD client that is alone has 32 of them. */
#define FACE_DEPTH     36
#define FACE_DEPTH_MAX 128

struct face_ops {
	const char *name;
	/* Can this process have it on this host? The kernel is asked, and nothing stays. -1 with words. */
	int (*probe)(char words[static WORDS_MAX]);
	/* NULL with words. OWNER and USER stay the owner's. */
	struct face *(*open)(struct ev_loop *, const struct face_terms *, const struct face_owner *, void *user,
	                     char words[static WORDS_MAX]);
	/* Show it to the world. The owner may be asked for pages from now on, even before started(). -1 with
	 * words: close() is due. */
	int (*start)(struct face *, char words[static WORDS_MAX]);
	void (*answer)(struct face *, struct face_request *, int error);
	/* Does somebody use the device? Then with words that say who. From any thread; takes memory, and time. */
	bool (*in_use)(struct face *, char words[static WORDS_MAX]);
	/* End it, whoever uses it: ask in_use() first. What is out may still be answered for a moment, or with
	 * FORCE not even that: then the face answers it itself, with EIO, and the owner's answer says nothing
	 * any more. ended() follows in any case. */
	void (*stop)(struct face *, bool force);
	/* After ended(), or instead of start(). The owner no longer touches a request or its data. */
	void (*close)(struct face *);
};

/* Every face's structure begins with this one. */
struct face {
	const struct face_ops *ops;
	const struct face_owner *owner;
	void *user;
	uint32_t most_pages;   /* of one GET or PUT */
	char where[64];        /* "/dev/ublkb0" */
	/* How often the face called the kernel for its requests, and how many it was given. */
	uint64_t calls, requests;
};

/* ERROR is 0 or an errno. May be called from within submit. */
static inline void face_answer(struct face_request *request, int error)
{
	request->face->ops->answer(request->face, request, error);
}

extern const struct face_ops face_ublk, face_nbd;

#endif
