/* SPDX-License-Identifier: BSD-2-Clause */
/* Pools: one borrower's page space each, with its store and its share of what
 * is lent. For access to its pages see member.h.
 *
 * Locks: pools.lock, then pool.lock. */
#ifndef FARPAGE_POOL_H
#define FARPAGE_POOL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <time.h>

#include "allow.h"
#include "label.h"
#include "rate.h"
#include "room.h"
#include "store.h"
#include "ticket.h"
#include "tls.h"
#include "words.h"


struct dropped;
struct member;
struct state;

/* A configured pool. */
struct pool_spec {
	char name[POOL_NAME_MAX + 1];
	uint64_t size; /* bytes */
	bool thin;
	bool revocable;
	char owner[TLS_IDENTITY_MAX + 1];
	uint64_t iops, bandwidth; /* requests and bytes a second; 0: no limit */
	struct allow allow;
};

/* Pages that the host wants back, see vacate.h: page numbers, from there to the
 * pool's end, or UINT64_MAX for none. */
struct pool_vacate {
	uint64_t from;     /* asked for */
	uint64_t ripening; /* asked for since this deadline began */
	uint64_t ripe;     /* asked for a whole deadline ago, and not yet dropped */
	uint64_t asked;    /* how many from .from on are there */
};

/* What members did. */
struct member_sums {
	uint64_t written_bytes, read_bytes;
	uint64_t flushed_pages;
	uint64_t refused_pages; /* refused puts of them */
};

struct pool {
	char name[POOL_NAME_MAX + 1];
	char owner[TLS_IDENTITY_MAX + 1];     /* the only identity that may open it; "": any */
	struct pools *pools;
	struct store *store;
	struct dropped *dropped;              /* NULL: it is not revocable */
	uint64_t size;                        /* bytes; pool.lock */
	bool thin;                            /* not reserved: a put may be refused */
	bool locked;                          /* its pages cannot be swapped */
	_Atomic uint64_t used_pages;
	_Atomic bool limited;                 /* by the two rates */
	struct rate requests, bytes;
	char incarnation[33];                 /* hex */
	bool kept;                            /* as another farpaged left it */
	uint64_t inode, born_ns;              /* of its file, if it has one */

	pthread_rwlock_t lock;                /* all below */
	uint64_t epoch;
	uint64_t since;                       /* the epoch since which only INSTANCE wrote */
	char instance[POOL_INSTANCE_MAX + 1]; /* of the last claim, or "" */
	char owner_peer[POOL_PEER_MAX];
	time_t owner_since;
	struct tickets tickets;               /* of this epoch */
	struct pool_vacate vacate;
	LIST_HEAD(, member) members;
	struct member_sums left;              /* of members that have left */
	TAILQ_ENTRY(pool) link;               /* pools.lock */
	struct allow allow;                   /* pools.lock */
	uint64_t swept;                       /* when removed: up to which page it is freed */
};

/* Of pages, or of requests for reads; only ever counted up. */
struct pool_counts {
	_Atomic uint64_t refused_lend;     /* puts: no more is lent */
	_Atomic uint64_t refused_pressure; /* puts: this host needs its memory */
	_Atomic uint64_t refused_kernel;   /* puts: the kernel gave no memory */
	_Atomic uint64_t vacated;          /* flushed when asked for */
	_Atomic uint64_t dropped;
	_Atomic uint64_t reads_dropped;    /* reads that failed because of that */
};

struct pools {
	pthread_mutex_t lock;
	TAILQ_HEAD(pool_list, pool) list;     /* in the order they were added */
	char lender[33];                      /* hex; of this process: all its pools are lost together */
	struct state *state;                  /* where their memory is kept, or NULL */
	uint64_t lend_pages;
	_Atomic uint64_t granted_pages;       /* reserved or, if thin, put; or held */
	_Atomic bool refusing;                /* no new page is put */
	struct room room;                     /* for new pages */
	struct pool_list leaving;             /* removed; only for the thread that removes them */
	struct pool_counts counts;
	bool holding;
	uint64_t held_pages;                  /* for the pools that are being changed */
};

void pools_init(struct pools *, uint64_t lend_bytes);
/* Lend so many bytes in total. Before pools are added. */
void pools_lend(struct pools *, uint64_t bytes);

bool pool_idle(struct pool *);
/* Limit it to so many requests and bytes a second; 0: no limit. */
void pool_limit(struct pool *, uint64_t iops, uint64_t bandwidth);
static inline bool pool_is_limited(const struct pool *pool)
{
	return atomic_load_explicit(&pool->limited, memory_order_relaxed);
}
/* For a limited pool: how long the next request must wait, ns. 0: it goes on, and is counted;
 * charge only counts. */
uint64_t pool_pace(struct pool *, uint64_t requests, uint64_t bytes);
void pool_charge(struct pool *, uint64_t requests, uint64_t bytes);
bool pool_name_valid(const char *name);
/* 1: a plain member wrote since the last claim. Inside pool.lock. */
static inline _Atomic uint64_t *pool_foreign(struct pool *pool)
{
	return &((struct label_head *)pool->store->head)->foreign;
}

/* May a client with this IDENTITY (NULL: none), from there, know of it and open it? This and the
 * following under pools.lock. */
bool pool_admits(const struct pool *, const char *identity, const struct origin *);
/* The pool called NAME, or NULL; and the same among those that admit the client, where "" is the first. */
struct pool *pool_find(struct pools *, const char *name);
struct pool *pool_offered(struct pools *, const char *name, const char *identity,
                          const struct origin *);

/* "incarnation=HEX epoch=N since=N used=BYTES size=BYTES lender=HEX". An owner that finds
 * incarnation and since as they were finds its pages as they were. */
void pool_describe(struct pool *, char text[static WORDS_MAX]);

/* While pools are changed: hold PAGES, and what removed pools had, for those that are
 * added and grow, so that no thin pool takes them in between. false: there are not so
 * many. Under pools.lock. */
bool pools_hold(struct pools *, uint64_t pages);
void pools_release(struct pools *);

/* Take PAGES out of what is lent; false: there are not so many. */
bool pools_grant(struct pools *, uint64_t pages);
void pools_ungrant(struct pools *, uint64_t pages);
/* The same for a pool that is not thin: from what is held first. */
bool pools_reserve(struct pools *, uint64_t pages);
void pools_unreserve(struct pools *, uint64_t pages);

#endif
