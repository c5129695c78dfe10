/* SPDX-License-Identifier: BSD-2-Clause */
/* libfarpage: pages kept in other hosts' RAM.
 *
 * A host that lends RAM runs farpaged(8), which offers pools. A program that borrows opens
 * one pool on each of its lenders, for its exclusive use: opening claims the pool, and
 * flushes what a predecessor left in it. Pages are 4096 bytes and are numbered from 0.
 *
 * The contract is that of frontswap. After a put that succeeded, get returns exactly that
 * page until it is flushed or put again. If a put fails, the page is lost, and get returns
 * EIO until it is put again or flushed (if nothing was put there before, it may still read
 * as zeros). A page that was never put, or was flushed, reads as zeros. Wrong or older bytes
 * are never returned.
 *
 * A page is sealed before it leaves the process: no lender can read it, and one that alters,
 * exchanges or replays it is found out. A put is complete when every live copy has the page.
 * With two copies or more, or a spill, a lender may die, lie or lose its memory without any
 * page being lost; missing copies are made again in the background. If no copy of a page can
 * be had, get returns EIO.
 *
 * Threads: any number of threads may call all functions but open and close at once. Each call
 * blocks until its pages are there and acknowledged, at most for about the deadline.
 * Operations on the same page take turns. A buffer may be memory that another thread's call fetches
 * when it is touched (userfaultfd): no lock is held then. The library starts threads that heal and connect,
 * look after the lenders, look names up and report; see farpage_start().
 *
 * Errors: functions return 0, or -1 with errno. EIO: no lender answered in time, or the page
 * is lost. ENOSPC: no lender has room, and neither has the spill. ENOMEM: this host has no
 * memory for the records of pages where nothing was put yet. EINVAL: pages beyond the end. */
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

/* The longest time that a call takes while no lender can carry it out, milliseconds. */
#define FARPAGE_DEADLINE_MS     30000
/* How long a lender may owe an answer until it counts as dead: a single one, and one beside
 * another copy or a spill. */
#define FARPAGE_LINK_TIMEOUT_MS     10000
#define FARPAGE_LINK_TIMEOUT_TWO_MS 1000
/* The most bytes a second that are copied to heal. */
#define FARPAGE_HEAL_RATE   (64u << 20)

struct farpage;

/* Zero means the default. Later releases add to the end; see farpage_open(). */
struct farpage_options {
	/* HOST, HOST:PORT, [ADDR6]:PORT, unix:/PATH, nbd://HOST[:PORT][/POOL] or
	 * nbd+unix:///[POOL]?socket=/PATH; up to the first NULL. If there is none, the pages are
	 * kept in this process. */
	const char *lender[FARPAGE_LENDERS_MAX];
	/* A file with more of them, one address a line. A new line adds a lender; removing a line,
	 * or writing "ADDRESS drain", empties one and lets it go. NULL: none. */
	const char *lenders_file;
	const char *pool;          /* on each; NULL: the URI's, or the lender's first */
	/* A file with the pre-shared key of TLS identity TLS_USERNAME, in a line
	 * "IDENTITY:HEXKEY". TLS is then required. NULL: no TLS. */
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
	/* Requests that farpage_submit() can have under way; 0: it is not used. Otherwise
	 * farpage_process() heals and opens links, no thread is started for that, and the records of
	 * all pages, 24 bytes each, are allocated and locked at the opening. */
	unsigned requests;
	/* Called with a message when something happens to a lender: lost, back, added, empty, or all
	 * copies complete again, or when the file of lenders was refused. A thread that does nothing
	 * else makes the call, so it may block: messages without room are lost, and counted. A call
	 * that does not return within a second of farpage_close() goes on after it. NULL: none. */
	void (*warn)(void *user, const char *words);
	void *warn_user;
};

/* Open a pool on each lender. SIZE is sizeof (struct farpage_options), as the caller was built: an
 * older program runs with a newer library; a newer one with an older library, unless it sets an option
 * that is not known there. Blocks at most for the link timeout, or 2 s if that timeout is shorter,
 * and then for the flush of what the pools held, at most for the deadline. On failure returns NULL,
 * and WORDS (FARPAGE_WORDS_MAX bytes, or NULL) says what went wrong and the way out. On success
 * WORDS is empty or holds a warning: with a size given, one lender that answers is enough. The
 * caller closes the result. Since 0.1. */
struct farpage *farpage_open(const struct farpage_options *options, size_t size, char *words);

/* Start the threads that heal, open links again, allocate memory for records, look after
 * the lenders and report. If this was not called, the first operation starts them. A process
 * that forks after opening must call it after the fork. -1 with errno. Since 0.1. */
int farpage_start(struct farpage *f);

/* Flush all pages and close. F may be NULL. No other call may be under way,
 * or follow. Requests that were submitted are carried out before, and DONE is called. Since 0.1. */
void farpage_close(struct farpage *f);

/* Store N pages from PAGE on. DATA is N * 4096 bytes, and yours again on return.
 * If one page fails, all N fail. Since 0.1. */
int farpage_put(struct farpage *f, uint64_t page, uint64_t n, const void *data);

/* Fetch N pages from PAGE on into DATA, N * 4096 bytes. On failure its contents
 * are undefined. Since 0.1. */
int farpage_get(struct farpage *f, uint64_t page, uint64_t n, void *data);

/* Forget N pages from PAGE on; they then read as zeros. Fails only with EINVAL. A
 * lender that cannot be reached keeps the memory, but the pages never come back. Since 0.1. */
int farpage_flush(struct farpage *f, uint64_t page, uint64_t n);

/* 1: the N pages from PAGE on were never put, or were flushed, and read as zeros; 0: they may be something else.
 * N, which is at least 1, shrinks to a run of which the answer is true. Asks no lender. -1: EINVAL. Since 0.1. */
int farpage_look(struct farpage *f, uint64_t page, uint64_t *n);

/* The moment, in milliseconds of CLOCK_MONOTONIC, at which a request that begins now must be
 * over; and the calls for a request that takes several: each ends by UNTIL. Since 0.1. */
int64_t farpage_until(const struct farpage *f);
int farpage_put_until(struct farpage *f, uint64_t page, uint64_t n, const void *data,
                      int64_t until);
int farpage_get_until(struct farpage *f, uint64_t page, uint64_t n, void *data, int64_t until);
int farpage_flush_until(struct farpage *f, uint64_t page, uint64_t n, int64_t until);

enum farpage_verb { FARPAGE_PUT, FARPAGE_GET, FARPAGE_FLUSH };

/* N pages from PAGE on, whose N * 4096 bytes are at DATA; NULL for a flush. */
struct farpage_run {
	uint64_t page, n;
	void *data;
};

/* ERROR is 0 or an errno, as of the calls. */
typedef void farpage_done(void *user, int error);

/* Begin a request for N runs of pages and return. It is as many calls, at once: of runs that
 * overlap any may be first. RUNS and what they point to are yours again when DONE is called,
 * from farpage_process(). Allocates nothing. -1 with errno; EAGAIN: as many requests as the
 * options say are under way; EINVAL: beyond the end, or no pages at all. One thread at a time may
 * use this and the next two functions; calls from other threads may go on beside it. Since 0.1. */
int farpage_submit(struct farpage *f, enum farpage_verb verb, const struct farpage_run *runs, unsigned n,
                   farpage_done *done, void *user);

/* A descriptor that is readable as long as farpage_process() has something to do, so it must not be waited for
 * edge-triggered. F owns it. Since 0.1. */
int farpage_fd(const struct farpage *f);

/* Do what can be done without waiting: send what was submitted, take in what came, call DONE of
 * requests that are over, and whatever else is due. Call it when the descriptor is readable, and once after
 * a batch of farpage_submit(). Not from within DONE, which may submit. Since 0.1. */
void farpage_process(struct farpage *f);

/* Forget all pages. Since 0.1. */
int farpage_flush_area(struct farpage *f);

/* Bytes. Since 0.1. */
uint64_t farpage_size(const struct farpage *f);

/* The random name of this opening, 32 hex digits. It is no secret. F owns it. Since 0.1. */
const char *farpage_instance(const struct farpage *f);

/* Requests of one kind to one lender, since it was added. */
#define FARPAGE_LATENCIES 24
struct farpage_answers {
	uint64_t answers, pages;   /* that succeeded, and their pages */
	uint64_t errors;           /* that the lender answered with an error */
	/* How many answers took less than 2^i microseconds, but at least half of that; the last
	 * also counts those that took longer. */
	uint64_t us[FARPAGE_LATENCIES];
};

struct farpage_lender_stats {
	char name[256];            /* its address as it was given; "spill"; "this process" */
	const char *state;         /* "up", "down", "connecting"; "hung": the spill's disk does not
	                            * answer; "another's": another borrower had its pool, so it is
	                            * never used again; "gone": drained and let go. Static. */
	uint64_t state_ms;         /* for how long */
	uint64_t room, used;       /* bytes: the size of its pool, and what is reserved there */
	uint64_t timeouts;         /* how often it owed an answer for too long */
	struct farpage_answers put, get, flush;
	uint64_t reserved[8];      /* 0 */
};

/* Since the opening, at one moment. */
struct farpage_stats {
	uint64_t size;             /* bytes */
	uint64_t uptime_ms;
	unsigned copies;           /* of each page, promised */
	unsigned lenders;          /* in LENDER, the spill among them */
	/* Pages now: patterns, kept here; on lenders; lost, so that a get returns EIO. Of these:
	 * known to have fewer copies than promised; and an upper limit for that. */
	uint64_t same_pages, sealed_pages, lost_pages, missing_pages, unhealed_pages;
	/* Operations of up to 32 pages that succeeded. */
	uint64_t puts, gets, flushes;
	/* Operations that failed: no room; no answer in time; a page lost, or no answer. */
	uint64_t puts_no_room, puts_failed, gets_failed;
	uint64_t hedges;           /* gets for which a second copy was asked */
	uint64_t spilled_pages, healed_pages;
	uint64_t bad_pages;        /* a copy was not what had been put */
	struct farpage_lender_stats lender[FARPAGE_LENDERS_MAX + 1];
};

/* Fill SIZE bytes of S with figures; pass sizeof *S, as the caller was built. Allocates nothing,
 * and blocks only for a moment. Since 0.1. */
void farpage_stats(struct farpage *f, struct farpage_stats *s, size_t size);

/* Write the same as one JSON object and a newline into BUF. Returns the length, or 0 if N bytes
 * are not enough; FARPAGE_STATS_JSON_MAX are. Since 0.1. */
#define FARPAGE_STATS_JSON_MAX 65536u
size_t farpage_stats_json(struct farpage *f, char *buf, size_t n);

#ifdef __cplusplus
}
#endif

#endif
