/* SPDX-License-Identifier: BSD-2-Clause */
/* What the core's files know of each other: core.c turns events into commands, op.c admits
 * operations and ends them, put.c and get.c carry them out, ask.c and peer.c know the links, heal.c mends
 * what is missing. */
#ifndef FARPAGE_CORE_PARTS_H
#define FARPAGE_CORE_PARTS_H

#include "core.h"

/* op.c */
/* Queued operations get their pages, in order where they overlap. */
void ops_admit(struct core *, int64_t now);
void ops_expire(struct core *, int64_t now);
void op_move(struct core *, struct op *, enum op_state);
/* The operation had its pages: end it, and admit others that waited for them. */
void op_end(struct core *, struct op *, int error, int64_t now);
/* Do what can be done for an ACTIVE operation of which nothing is under way. */
void op_go_on(struct core *, struct op *, int64_t now);
void op_replied(struct core *, struct op *, const struct ask *, int error);
/* ASK will not be answered. */
void op_cut(struct op *, const struct ask *);
/* Go on with every operation that has its pages and waits. */
void core_kick(struct core *, int64_t now);
/* It can do nothing until a link among ON comes up: wait, or give up. */
void op_wait(struct core *, struct op *, uint32_t on, int64_t now);

/* put.c, get.c, heal.c: go on with an ACTIVE operation of which nothing is under way;
 * and what was asked for it came to an end. */
void put_go_on(struct core *, struct op *, int64_t now);
void put_fail(struct core *, struct op *, int error, int64_t now);
void put_sealed(struct core *, struct op *, bool well, int64_t now);
void put_replied(struct core *, struct op *, const struct ask *, int error);
void fill_go_on(struct core *, struct op *, int64_t now);
void fill_end(struct core *, struct op *, int64_t now);
void get_go_on(struct core *, struct op *, int64_t now);
void get_replied(struct core *, struct op *, const struct ask *, int error);
void heal_go_on(struct core *, struct op *, int64_t now);
void heal_replied(struct core *, struct op *, const struct ask *, int error);
void heal_end(struct core *, struct op *, int error, int64_t now);

static inline unsigned how_many(uint32_t copies)
{
	return (unsigned)__builtin_popcount(copies);
}

/* put.c */
/* What is remembered of each page of a fill. */
struct record fill_record(const struct op *);
/* Copies that are there, or not away so long that others are made in their place. COUNTS_REFUSED:
 * also where pages have been refused for as long; COUNTS_TRIED: and where the lender is left out,
 * but has not failed just now; COUNTS_ALL: or has. */
enum counts { COUNTS, COUNTS_REFUSED, COUNTS_TRIED, COUNTS_ALL };
uint8_t extent_counts(const struct core *, const struct extent *, enum counts, int64_t now);
/* Copies that pages may be put to: of lenders that do well and have room; new ones also on those that
 * are left out, but have not failed just now; to heal, also on those that are given another
 * trial; also where there was no room lately; on whoever is up. */
enum targets { TARGETS_GOOD, TARGETS_TRIED, TARGETS_HEAL, TARGETS_FULL, TARGETS_ALL };
uint8_t extent_targets(const struct core *, const struct extent *, enum targets, int64_t now);
/* It lacks a copy, and there is a link that could have one. */
bool extent_has_room(const struct core *, const struct extent *, int64_t now);
/* Give it the copies that it lacks, as far as there is room. GOOD: what is on lenders that are
 * left out does not count, and they get none; TRIED and HEAL: that goes for those that failed
 * just now. False: it still lacks some. */
bool extent_place(struct core *, struct extent *, enum targets, int64_t now);
/* Clear the copies that were lost from its records. */
void extent_freshen(struct core *, struct extent *);
/* Give up COPY: a page that has no other is lost. */
void extent_forget_copy(struct core *, struct extent *, unsigned copy);

/* get.c */
/* The best copy that has pages of OP's need, -1 none; which, in MASK. */
int get_best(const struct core *, const struct op *, uint8_t without, uint32_t *mask,
             int64_t now);
/* Ask for all of OP's need from one copy. False: none has it. */
bool get_whole(struct core *, struct op *, int64_t now);
/* Ask another copy too, for a get that is slow. False: there is none. */
bool get_hedge(struct core *, struct op *, int64_t now);
/* COPY does not have PAGE as it should; unless it is the last hope, forget it. */
void get_doubt(struct core *, uint64_t page, unsigned copy);

/* ask.c */
/* A buffer for OP, which has its pages, and for the links that are set in ON. NULL: OP has to
 * wait, or the links have enough. */
struct buffer *op_buffer(struct core *, const struct op *, uint32_t on);
void asks_open(struct core *);
/* Those under way are let go, with their buffers. */
void asks_close(struct core *);
/* Ask for pages that are set in MASK (of FILL: all) of copy COPY. False: there is no ask. */
bool ask_copy(struct core *, struct op *, enum ask_kind, unsigned copy, struct buffer *,
              uint32_t mask);
bool ask_wipe(struct core *, unsigned on, uint32_t slot, uint32_t n);
void ask_free(struct core *, struct ask *);
/* Nobody waits for OP's asks any more. */
void ask_abandon(struct core *, struct op *);

/* peer.c */
void peer_open(struct peer *);
/* The one place where it changes: who is retired stays so, and whose pool is another's too. */
void peer_set_state(struct peer *, enum peer_state, int64_t now);
bool peer_up(const struct core *, int on);
/* It may come back. */
bool peer_away(const struct core *, unsigned on);
/* Is it there, or not away so long that its copies are to be made elsewhere? */
bool peer_counts(const struct core *, int on, int64_t now);
bool peer_full(const struct core *, int on, int64_t now);
void peer_want_heal(struct core *, unsigned on);
/* How long a reply may take before another copy is asked too. */
int64_t peer_hedge_ms(const struct core *, unsigned on);
/* Who owes an answer longer than this is closed, or stuck if it is the spill. */
int64_t peer_timeout_ms(const struct core *, unsigned on);
/* Nothing that was asked of it counts any more. */
void peer_close(struct core *, unsigned on, int64_t now);
/* When it is closed if it goes on like this. */
int64_t peer_expires(const struct core *, unsigned on);
void peers_tick(struct core *, int64_t now);
int64_t peers_wake_at(const struct core *, bool background);
/* The peer wants to be connected at once, if anybody can. */
void peers_hurry(struct core *, int64_t now);
/* The next peer that is to be connected now, -1 none. */
int peers_connect(struct core *, int64_t now);
void peer_measure(struct core *, const struct ask *, int64_t now);

/* suspect.c */
/* It failed: nothing is asked of it that another can do. */
bool peer_out(const struct core *, unsigned on, int64_t now);
/* The same, or only healing tries it. */
bool peer_suspect(const struct core *, unsigned on, int64_t now);
/* It failed so often that copies on it do not count. */
bool peer_left_out(const struct core *, unsigned on, int64_t now);
/* What it does, and does not. */
void peer_judge_reply(struct core *, const struct ask *, int error, int64_t now);
void peer_judge_end(struct core *, unsigned on, int64_t now);

/* still.c */
/* If nobody turned the core when something was due: that time does not count. */
void still_excuse(struct core *, int64_t now);
void still_enter(struct core *, int64_t now); /* the first that every event does */
void still_checked(struct core *, struct op *, int64_t now);
void still_started(struct core *, struct op *, int64_t now);

/* heal.c */
void heal_tick(struct core *, int64_t now);
void heal_ended(struct core *, int64_t now);
int64_t heal_wake_at(const struct core *);

static inline int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static inline int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The first N pages, a bit each. */
static inline uint32_t mask_of(uint32_t n)
{
	return n >= 32 ? UINT32_MAX : (UINT32_C(1) << n) - 1;
}

#endif
