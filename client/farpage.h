/* SPDX-License-Identifier: BSD-2-Clause */
/* libfarpage: pages kept in another host's RAM.
 *
 * A host that lends RAM runs farpaged(8) and has pools. A program that borrows
 * opens one pool and has it for itself: opening claims it, and claiming flushes
 * what a predecessor left in it. Pages are 4096 bytes and are known by number.
 *
 * The contract is frontswap's. After a put that succeeded, get returns exactly
 * that page until it is flushed or put again. A put may fail; the page is lost
 * then, and get answers EIO until it is put again or flushed. A page that was
 * never put, or was flushed, reads as zeros. Wrong or older bytes are never
 * returned; when the lender lost its memory, its pages answer EIO.
 *
 * Threads: every function but open and close may be called by any number of
 * threads at once. Each blocks until its pages are there and acknowledged, and
 * at most for the deadline that was set at opening. Operations on the same page
 * take turns.
 *
 * Errors: functions return 0, or -1 with errno. EIO: the lender did not answer
 * in time, or the page is lost. ENOSPC: the lender has no room. EINVAL: pages
 * beyond the end. */
#ifndef FARPAGE_H
#define FARPAGE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FARPAGE_PAGE_BYTES   4096
#define FARPAGE_WORDS_MAX    640
#define FARPAGE_INSTANCE_MAX 33

/* Longest time of an operation, and how long a lender that owes an answer is
 * believed to be alive: milliseconds. */
#define FARPAGE_DEADLINE_MS     30000
#define FARPAGE_LINK_TIMEOUT_MS 10000

struct farpage;

struct farpage_options {
	/* HOST, HOST:PORT, [ADDR6]:PORT, unix:PATH, nbd://HOST[:PORT][/POOL] or
	 * nbd+unix:///[POOL]?socket=PATH. NULL: keep the pages in this process. */
	const char *lender;
	const char *pool;          /* NULL: the URI's, or the lender's first */
	/* A file with the pre-shared key of TLS identity TLS_USERNAME, a line
	 * "IDENTITY:HEXKEY": TLS is required then. NULL: none. */
	const char *tls_psk;
	const char *tls_username;
	uint64_t size;             /* bytes, a multiple of 4096; 0: the pool's */
	unsigned deadline_ms;      /* 0: FARPAGE_DEADLINE_MS */
	unsigned link_timeout_ms;  /* 0: FARPAGE_LINK_TIMEOUT_MS */
};

/* Open a pool. Blocks at most for the link timeout and the flush of what the
 * pool held. NULL: WORDS (FARPAGE_WORDS_MAX bytes, or NULL) say what went
 * wrong and the way out. The caller closes what it gets. Since 0.1. */
struct farpage *farpage_open(const struct farpage_options *options, char *words);

/* Flush all pages and close. F may be NULL. No other call is under way or
 * comes after. Since 0.1. */
void farpage_close(struct farpage *f);

/* Keep N pages from PAGE on; DATA is N * 4096 bytes, and yours again on
 * return. One failure fails all N. Since 0.1. */
int farpage_put(struct farpage *f, uint64_t page, uint64_t n, const void *data);

/* Fetch N pages from PAGE on into DATA, N * 4096 bytes; on failure its
 * contents say nothing. Since 0.1. */
int farpage_get(struct farpage *f, uint64_t page, uint64_t n, void *data);

/* Forget N pages from PAGE on; they read as zeros. Cannot fail but by EINVAL: a
 * lender that cannot be told keeps memory, never the page. Since 0.1. */
int farpage_flush(struct farpage *f, uint64_t page, uint64_t n);

/* Forget all pages. Since 0.1. */
int farpage_flush_area(struct farpage *f);

/* Bytes. Since 0.1. */
uint64_t farpage_size(const struct farpage *f);

/* The random name of this opening, 32 hex digits. F owns it. Since 0.1. */
const char *farpage_instance(const struct farpage *f);

#ifdef __cplusplus
}
#endif

#endif
