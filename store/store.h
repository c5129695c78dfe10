/* SPDX-License-Identifier: BSD-2-Clause */
/* A page store: pages by number, each whole or absent. A table of operations, chosen
 * at run time, implements it; store_flat is the first.
 *
 * Threads: any number may be inside put, get, run, wait, forget and present at once. discard,
 * resize and close need the store to themselves, because get hands out
 * pointers: the caller holds a lock (pool.c's, or the borrower's link) over
 * the whole use of such a pointer.
 *
 * A store may lie in a file that outlives the process. Then another process can adopt it,
 * even after a SIGKILL at any moment: every page whose put had returned is there, and
 * every page that is there is whole. A whole page that was being put over another one is
 * then absent; a part that was being put is a mix of both, in that part only. */
#ifndef FARPAGE_STORE_H
#define FARPAGE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "page.h"

#define STORE_HEAD_BYTES 4096u
/* How much a store of BYTES of pages takes in a file beside them. */
#define STORE_BESIDE(bytes) ((bytes) / (8 * PAGE_BYTES) + 4 * PAGE_BYTES)

struct store;

/* One that waits for bytes of one page. */
struct store_wait {
	void (*ready)(struct store_wait *); /* takes no lock of the store's, nor of who calls it */
	LIST_ENTRY(store_wait) link;        /* these two are the store's */
	uint64_t page;
};

struct store_ops {
	const char *name;
	/* A store of PAGES absent pages, or NULL with errno (ENOTSUP: its pages would be
	 * huge ones, which cannot be given back one by one). It lies in FD, an
	 * empty file that belongs to the store from then on; or, with -1, only in
	 * this process. LOCKED says whether its pages are locked in memory. */
	struct store *(*open)(int fd, uint64_t pages, bool *locked);
	/* The store that was left in FD, and how many pages are there. NULL with
	 * EBADMSG: it is none of PAGES pages, or damaged; FD is as it was. */
	struct store *(*adopt)(int fd, uint64_t pages, bool *locked, uint64_t *used);
	void (*close)(struct store *);
	/* Change the number of pages; those beyond the end are gone. 0 or -1. */
	int (*resize)(struct store *, uint64_t pages);
	/* Put LEN bytes into one page at OFFSET; an absent page is zeros first.
	 * 1: the page was absent before, 0: it was there, -1: it stays absent, with
	 * errno ENOSPC, because the host has no memory for it. */
	int (*put)(struct store *, uint64_t page, size_t offset, size_t len,
	           const uint8_t *data);
	/* The longest run of pages from PAGE on, at most MAX, that are all
	 * there or all absent: returns its length. */
	uint64_t (*run)(const struct store *, uint64_t page, uint64_t max, bool *there);
	/* The same with its bytes, or NULL: its length in *RUN. NULL with *RUN 0: PAGE is there, but its
	 * bytes are not at hand; they are being fetched, see wait(). */
	const uint8_t *(*get)(struct store *, uint64_t page, uint64_t max,
	                      uint64_t *run);
	/* After such a get() of PAGE: W.ready is called, once and from any thread, when another get()
	 * has an answer, which may be that PAGE is gone. What has come stays at hand until it was got
	 * or nobody waits for it. false: it has already, and nothing is called. NULL: get() always
	 * has one at once. */
	bool (*wait)(struct store *, uint64_t page, struct store_wait *w);
	/* W.ready is not called any more, and is not being called; whether or not it was. */
	void (*forget)(struct store *, struct store_wait *w);
	/* Give pages back to the host, from *PAGE up to END, at most MAX of
	 * them; *PAGE moves to where it stopped. Returns how many it freed. */
	uint64_t (*discard)(struct store *, uint64_t *page, uint64_t end,
	                  uint64_t max);
	bool (*present)(const struct store *, uint64_t page);
};

struct store {
	const struct store_ops *ops;
	void *head; /* STORE_HEAD_BYTES for the caller, zeros at first; moves in resize() */
};

extern const struct store_ops store_flat;

#endif
