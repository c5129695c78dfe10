/* SPDX-License-Identifier: BSD-2-Clause */
/* libfarpage: pages kept in other hosts' RAM.
 *
 * A host that lends RAM runs farpaged(8) and has pools. A program that borrows opens one
 * pool on each of its lenders and has it for itself: opening claims it, and claiming
 * flushes what a predecessor left in it. Pages are 4096 bytes and are known by number.
 *
 * The contract is frontswap's. After a put that succeeded, get returns exactly that page
 * until it is flushed or put again. A put may fail; the page is lost then, and get answers
 * EIO until it is put again or flushed (where nothing was put before, it may still read
 * as zeros). A page that was never put, or was flushed, reads as zeros. Wrong or older bytes
 * are never returned.
 *
 * A page is sealed before it leaves the process: no lender can read it, and one that alters,
 * exchanges or replays it is found out. A put is done when every live copy is; with two
 * copies or more, or a spill, a lender may die, lie or lose its memory without any page being
 * lost, and missing copies are made again in the background. A page of which no copy can be
 * had answers EIO.
 *
 * Threads: every function but open and close may be called by any number of threads at
 * once. Each blocks until its pages are there and acknowledged, and about as long as the
 * deadline at most. Operations on the same page take turns. Threads of the library's own
 * heal and connect, look after the lenders, look names up and tell; see farpage_start().
 *
 * Errors: functions return 0, or -1 with errno. EIO: no lender answered in time, or the page
 * is lost. ENOSPC: nobody has room. ENOMEM: this host has no memory for
 * the records of pages where nothing was put yet. EINVAL: pages beyond the end. */
#ifndef FARPAGE_H
#define FARPAGE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FARPAGE_PAGE_BYTES   4096
#define FARPAGE_WORDS_MAX    1024
#define FARPAGE_INSTANCE_MAX 33

#define FARPAGE_LENDERS_MAX  16
#define FARPAGE_COPIES_MAX   3

/* Longest time of a call that nobody can carry out, milliseconds. */
#define FARPAGE_DEADLINE_MS     30000
/* How long a lender that owes an answer is believed to be alive: alone, and when there is
 * somebody else to ask, another copy or the spill. */
#define FARPAGE_LINK_TIMEOUT_MS     10000
#define FARPAGE_LINK_TIMEOUT_TWO_MS 1000
/* Bytes a second at most that are copied to heal. */
#define FARPAGE_HEAL_RATE   (64u << 20)

struct farpage;

struct farpage_options {
	/* HOST, HOST:PORT, [ADDR6]:PORT, unix:/PATH, nbd://HOST[:PORT][/POOL] or
	 * nbd+unix:///[POOL]?socket=/PATH; up to the first NULL. None: keep the pages in this
	 * process. */
	const char *lender[FARPAGE_LENDERS_MAX];
	/* More of them, an address a line. When it changes, a new line is a lender more, and one
	 * that is gone, or says "ADDRESS drain", is emptied and let go. NULL: none. */
	const char *lenders_file;
	const char *pool;          /* on each; NULL: the URI's, or the lender's first */
	/* A file with the pre-shared key of TLS identity TLS_USERNAME, a line
	 * "IDENTITY:HEXKEY": TLS is required then. NULL: none. */
	const char *tls_psk;
	const char *tls_username;
	uint64_t size;             /* bytes, a multiple of 4096; 0: what there is room for */
	unsigned copies;           /* 0: two if there are two lenders or more. More than there are
	                            * lenders only with a lenders_file, from which others may come */
	int same_lender;           /* not 0: two copies may be in pools of one lender */
	const char *spill;         /* a preallocated file or a block device; NULL: none */
	const char *seal;          /* "on", "check" or "off"; NULL: on */
	unsigned deadline_ms;      /* 0: FARPAGE_DEADLINE_MS */
	unsigned link_timeout_ms;  /* less than the deadline; 0: as above, half the deadline at most */
	uint64_t heal_rate;        /* bytes a second; 0: FARPAGE_HEAL_RATE */
	int patient;               /* not 0: a lender that fails again and again is never left out */
	/* Is told in WORDS, by a thread of the library's own that does nothing else, what becomes of
	 * the lenders: lost, back, added, empty, all copies complete again, a file that was refused. It
	 * may wait: what there is no room for is lost, and counted. A call that farpage_close() has waited
	 * for in vain, for a second, goes on. NULL: nobody. */
	void (*warn)(void *user, const char *words);
	void *warn_user;
};

/* Open a pool on each lender. Blocks at most for the link timeout (10 s), 2 s at least, and for
 * the flush of what the pools held, a deadline at most. NULL: WORDS (FARPAGE_WORDS_MAX bytes, or NULL) say what went wrong and
 * the way out. Otherwise WORDS are empty or a warning: with a size given, one lender that
 * answers is enough. The caller closes what it gets. Since 0.1. */
struct farpage *farpage_open(const struct farpage_options *options, char *words);

/* Start the threads that heal, open links again, make memory for records and look after
 * the lenders. The first operation does, if it has not been done; a process that forks after
 * opening does it then. -1 with errno. Since 0.1. */
int farpage_start(struct farpage *f);

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

/* The moment, of CLOCK_MONOTONIC in milliseconds, at which a request that begins now is over;
 * and calls for one that takes several: each ends by UNTIL. Since 0.1. */
int64_t farpage_until(const struct farpage *f);
int farpage_put_until(struct farpage *f, uint64_t page, uint64_t n, const void *data,
                      int64_t until);
int farpage_get_until(struct farpage *f, uint64_t page, uint64_t n, void *data, int64_t until);
int farpage_flush_until(struct farpage *f, uint64_t page, uint64_t n, int64_t until);

/* Forget all pages. Since 0.1. */
int farpage_flush_area(struct farpage *f);

/* Bytes. Since 0.1. */
uint64_t farpage_size(const struct farpage *f);

/* The random name of this opening, 32 hex digits, which may be told. F owns it. Since 0.1. */
const char *farpage_instance(const struct farpage *f);

/* Of requests of one kind to one lender, since it was added. */
#define FARPAGE_LATENCIES 24
struct farpage_answers {
	uint64_t answers, pages;   /* that ended well, and pages of them */
	uint64_t errors;           /* that the lender answered with an error */
	/* How many answers took less than 2^i microseconds, and not less than half of that; the
	 * last also counts those that took longer. */
	uint64_t us[FARPAGE_LATENCIES];
};

struct farpage_lender_stats {
	char name[256];            /* its address as it was given; "spill"; "this process" */
	const char *state;         /* "up", "down", "connecting"; "hung": the spill's disk does not
	                            * answer; "another's": a borrower had its pool meanwhile, never
	                            * used again; "gone": drained and let go. Static. */
	uint64_t state_ms;         /* for so long */
	uint64_t room, used;       /* bytes: what its pool takes, and what is set aside there */
	uint64_t timeouts;         /* how often it owed an answer for too long */
	struct farpage_answers put, get, flush;
};

/* Since the opening, at one moment. */
struct farpage_stats {
	uint64_t size;             /* bytes */
	uint64_t uptime_ms;
	unsigned copies;           /* of each page, promised */
	unsigned lenders;          /* in LENDER, the spill among them */
	/* Pages now: a pattern kept here; with lenders; lost: a get answers EIO. And of them: known
	 * to have fewer copies than promised; and the most that may. */
	uint64_t same_pages, sealed_pages, lost_pages, missing_pages, unhealed_pages;
	/* Operations of up to 32 pages that ended well. */
	uint64_t puts, gets, flushes;
	/* That failed: nobody had room; no answer in time; a page was lost or unanswered. */
	uint64_t puts_no_room, puts_failed, gets_failed;
	uint64_t hedges;           /* gets for which a second copy was asked */
	uint64_t spilled_pages, healed_pages;
	uint64_t bad_pages;        /* a copy was not what had been put */
	struct farpage_lender_stats lender[FARPAGE_LENDERS_MAX + 1];
};

/* Figures into S, of which SIZE bytes are filled: sizeof *S, as the caller was built with.
 * Allocates nothing and waits for nobody but for a moment. Since 0.1. */
void farpage_stats(struct farpage *f, struct farpage_stats *s, size_t size);

/* The same as one JSON object and a newline into BUF: its length, or 0 if it does not fit into N
 * bytes; FARPAGE_STATS_JSON_MAX are enough. Since 0.1. */
#define FARPAGE_STATS_JSON_MAX 65536u
size_t farpage_stats_json(struct farpage *f, char *buf, size_t n);

#ifdef __cplusplus
}
#endif

#endif
