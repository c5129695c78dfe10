/* SPDX-License-Identifier: BSD-2-Clause */
/* Pools: one borrower's page space each, with its store, its share of what is
 * lent, and who may touch it.
 *
 * A connection is a member of one pool. Claiming a pool raises its epoch, and
 * from then on every member of an older epoch is fenced: pool_enter() refuses
 * it, whatever bytes of it still wait in a buffer.
 *
 * Locks: pools.lock, then pool.lock. pool.lock is read-held from pool_enter()
 * to pool_exit(), so a claim waits for the requests being carried out, and a
 * pointer from pool_get() is good until pool_exit(). */
#ifndef FARPAGE_POOL_H
#define FARPAGE_POOL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <time.h>

#include "store.h"

#define POOL_NAME_MAX     64
#define POOL_INSTANCE_MAX 64
#define POOL_PEER_MAX     112
#define POOL_WORDS_MAX    512 /* bytes of an explanation, with its NUL */

struct pool;

struct member {
	struct pool *pool;                    /* NULL: not a member */
	uint64_t epoch;
	bool owner;                           /* by claim, or NAME@EPOCH */
	bool read_only;                       /* plain, beside an owner */
	char peer[POOL_PEER_MAX];             /* for words about it */
	void (*fence)(struct member *);       /* from any thread: hang up */
	LIST_ENTRY(member) link;              /* pool.lock */
};

struct pool {
	char name[POOL_NAME_MAX + 1];
	struct pools *pools;
	struct store *store;
	uint64_t size;                        /* bytes; pool.lock */
	bool thin;                            /* not reserved: a put may be refused */
	bool locked;                          /* its pages cannot be swapped */
	_Atomic uint64_t used_pages;
	_Atomic bool foreign;                 /* a plain member wrote since the last claim */
	char incarnation[33];                 /* hex */

	pthread_rwlock_t lock;                /* all below */
	uint64_t epoch;
	uint64_t since;                       /* the epoch since which only INSTANCE wrote */
	char instance[POOL_INSTANCE_MAX + 1]; /* of the last claim, or "" */
	char owner_peer[POOL_PEER_MAX];
	time_t owner_since;
	LIST_HEAD(, member) members;
	TAILQ_ENTRY(pool) link;               /* pools.lock */
};

struct pools {
	pthread_mutex_t lock;
	TAILQ_HEAD(pool_list, pool) list;     /* in the order they were added */
	uint64_t lend_pages;
	_Atomic uint64_t granted_pages;       /* reserved or, if thin, put */
};

void pools_init(struct pools *, uint64_t lend_bytes);
void pools_free(struct pools *);

/* 0, or -1 with WORDS that say why; nothing is half done. A SIZE is in bytes,
 * a multiple of PAGE_SIZE. Caller holds pools.lock or is the only thread. */
int pool_add(struct pools *, const char *name, uint64_t size, bool thin,
             char words[static POOL_WORDS_MAX]);
int pool_grow(struct pool *, uint64_t size, char words[static POOL_WORDS_MAX]);
int pool_remove(struct pool *, char words[static POOL_WORDS_MAX]);
bool pool_idle(struct pool *);
bool pool_name_valid(const char *name);

/* The pool called NAME, the first one for "", or NULL. Under pools.lock. */
struct pool *pool_find(struct pools *, const char *name);

/* "incarnation=HEX epoch=N since=N used=BYTES size=BYTES". An owner that finds
 * incarnation and since as they were finds its pages as they were. */
void pool_describe(struct pool *, char text[static POOL_WORDS_MAX]);

/* Become a member: plainly, or of an epoch that must still be the pool's,
 * or by a claim, which fences all others before it returns. -1 with words.
 * Under pools.lock, so that the pool cannot go meanwhile. */
int pool_join(struct pool *, struct member *);
int pool_join_epoch(struct pool *, struct member *, uint64_t epoch,
                    char words[static POOL_WORDS_MAX]);
int pool_claim(struct pool *, struct member *, const char *instance,
               bool force, char words[static POOL_WORDS_MAX]);
void pool_leave(struct member *);
/* Would a plain member be read-only now? */
bool pool_owned(struct pool *);

/* Between these two M's requests may be carried out; -1: M is fenced. */
int pool_enter(struct member *m);
void pool_exit(struct member *m);

/* Inside: OFFSET and LEN in bytes, within the pool. put: 0, or -1 with ENOSPC
 * when some page did not fit (that page stays flushed), EPERM for a reader. get: the bytes of a run
 * of pages from the one that holds OFFSET on, NULL if absent; LEN shrinks to what the
 * run covers. */
int pool_put(struct member *, uint64_t offset, size_t len, const uint8_t *data);
const uint8_t *pool_get(struct member *, uint64_t offset, size_t *len);

/* Outside (it takes the lock for itself): flush whole pages from *OFFSET up to
 * END, and zero what a first or last page has in part; at most MAX pages are
 * freed a call, and *OFFSET moves on. Returns how many were; -1: M is fenced. */
int64_t pool_flush(struct member *, uint64_t *offset, uint64_t end, uint64_t max);

#endif
