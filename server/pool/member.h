/* SPDX-License-Identifier: BSD-2-Clause */
/* Members: a connection is a member of one pool, and touches pages as one.
 *
 * Claiming a pool raises its epoch, and from then on every member of an older
 * epoch is fenced: member_enter() refuses it, whatever bytes of it still wait
 * in a buffer. pool.lock is read-held from member_enter() to member_exit(), so a
 * claim waits for the requests being carried out, and a pointer from
 * member_get() is good until member_exit(). */
#ifndef FARPAGE_MEMBER_H
#define FARPAGE_MEMBER_H

#include "backend.h"
#include "pool.h"

#define MEMBER_NAME_MAX BACKEND_NAME_MAX /* NAME@EPOCH.TICKET, with its NUL */

/* Only its thread counts; others may look. */
struct member_counts {
	_Atomic uint64_t written_bytes, read_bytes, flushed_pages, refused_pages;
};

struct member {
	struct client client;           /* must be first */
	struct pool *pool;              /* NULL: not a member */
	uint64_t epoch;
	bool owner;                     /* by claim, or a ticket */
	char words[POOL_NAME_MAX + 8];  /* client.export */
	bool waits;                     /* by this, for bytes of a page */
	struct store_wait wait;
	struct member_counts counts;
	LIST_ENTRY(member) link;        /* pool.lock */
};

/* Become a member: plainly; by a ticket, of an epoch that must still be the pool's; or by a
 * claim, which fences all others before it returns. -1 with words. A claim of another
 * instance is refused while the owner is not silent.
 * Under pools.lock, so that the pool cannot go meanwhile. */
int member_join(struct member *, struct pool *);
int member_join_ticket(struct member *, struct pool *, uint64_t epoch, const struct ticket *,
                       char words[static WORDS_MAX]);
int member_claim(struct member *, struct pool *, const char *instance,
                 bool force, char words[static WORDS_MAX]);
void member_leave(struct member *);
/* The name that lets one further connection of the owner in. Only for an owner. */
void member_tell_name(const struct member *, char name[static MEMBER_NAME_MAX]);
/* What these two would say now, without doing it. For a claim, it is what any other instance
 * would be told, so that asking does not reveal the right one. */
int member_may_join(struct pool *, uint64_t epoch, const struct ticket *,
                    char words[static WORDS_MAX]);
int member_may_claim(struct pool *, bool force, char words[static WORDS_MAX]);
void member_add_counts(struct member_sums *, const struct member *);
/* Would a plain member be read-only now? */
bool pool_owned(struct pool *);

/* Between these two M's requests may be carried out; -1: M is fenced. */
int member_enter(struct member *m);
void member_exit(struct member *m);

/* Inside: OFFSET and LEN in bytes, within the pool. put: 0, or -1 with ENOSPC if a page did
 * not fit (it stays flushed), EIO for a part of a page that was dropped (it stays so), EPERM
 * for a reader. Putting zeros does not create a page; fill puts zeros that do. get: what a run
 * of pages is, from the one that holds OFFSET on, and its bytes if it is DATA; LEN shrinks to
 * the run. */
int member_put(struct member *, uint64_t offset, size_t len, const uint8_t *data);
int member_fill(struct member *, uint64_t offset, size_t len);
enum backend_got member_get(struct member *, uint64_t offset, size_t *len,
                           const uint8_t **data);
/* The same without the bytes, and never LATER. */
enum backend_got member_look(struct member *, uint64_t offset, size_t *len);
/* After get said LATER of OFFSET: client.wake is called when get would say something else, unless
 * forget was called before. false: it already would. */
bool member_wait(struct member *, uint64_t offset);
void member_forget(struct member *);
/* Count bytes that will be sent to it. */
void member_reads(struct member *, uint64_t bytes);
/* Is some page of these dropped? */
bool member_dropped(const struct member *, uint64_t offset, size_t len);
/* From which byte on the pool's pages are wanted back; its size, or more: none are. */
uint64_t member_vacate(const struct member *);

/* Outside (it takes the lock for writing): flush whole pages from *OFFSET up to END, and zero
 * the parts of a first or last page. A call frees at most MAX pages, and *OFFSET moves on.
 * Returns how many; -1: EIO if a page to be zeroed in part was dropped (*OFFSET moves on all
 * the same), EPERM for a reader, else M is fenced. */
int64_t member_discard(struct member *, uint64_t *offset, uint64_t end, uint64_t max);
/* Outside: flush the pages from *OFFSET up to END that are all zeros, which changes nothing
 * that can be read. A call looks at at most MAX pages, and *OFFSET moves on. Returns how many;
 * -1: M is fenced. */
int64_t member_settle(struct member *, uint64_t *offset, uint64_t end, uint64_t max);

#endif
