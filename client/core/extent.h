/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the copies of an extent are: which of them count, which can be written, and on which
 * lenders new ones are placed. */
#ifndef FARPAGE_EXTENT_H
#define FARPAGE_EXTENT_H

#include "state.h"

/* Copies that are there, or not away so long that others are made in their place. COUNTS_REFUSED:
 * also where pages have been refused for as long; COUNTS_TRIED: and where the lender is left out,
 * but has not failed just now; COUNTS_ALL: or has. */
enum counts { COUNTS, COUNTS_REFUSED, COUNTS_TRIED, COUNTS_ALL };
uint8_t extent_counts(const struct core *, const struct extent *, enum counts, int64_t now);
/* Copies that pages may be put to: of lenders that do well and have room; new ones also on those that
 * are left out, but have not failed just now; to heal, also on those that are given another
 * trial; also where there was no room lately; on any link that is up. */
enum targets { TARGETS_GOOD, TARGETS_TRIED, TARGETS_HEAL, TARGETS_FULL, TARGETS_ALL };
uint8_t extent_targets(const struct core *, const struct extent *, enum targets, int64_t now);
/* It lacks a copy, and there is a link that could have one. */
bool extent_has_room(const struct core *, const struct extent *, int64_t now);
/* A copy counts only for want of others, because its lender failed just now; and there is a link
 * that could have one when it is tried again. */
bool extent_makes_do(const struct core *, const struct extent *, int64_t now);
/* Give it the copies that it lacks, as far as there is room. GOOD: what is on lenders that are
 * left out does not count, and they get none; TRIED and HEAL: that goes for those that failed
 * just now. False: it still lacks some. */
bool extent_place(struct core *, struct extent *, enum targets, int64_t now);
/* One copy more on another lender, whatever there is. False: there is none. */
bool extent_place_elsewhere(struct core *, struct extent *, enum targets, int64_t now);
/* It lacks a copy that a lender could have, and which flushes a slot just now. */
bool extent_room_is_coming(const struct core *, const struct extent *, int64_t now);
/* Its copy on the spill, which takes what no lender can take now; 0: the spill cannot either. */
uint8_t extent_spill(struct core *, struct extent *);
/* Does LINK_NO keep pages of it, and go on doing so? */
bool extent_is_on(const struct core *, const struct extent *, unsigned link_no);
/* Clear the copies that were lost from its records. */
void extent_freshen(struct core *, struct extent *);
/* Give up COPY: a page that has no other is lost. */
void extent_forget_copy(struct core *, struct extent *, unsigned copy);
/* Slots of copies that were lost are not waited for. False: there are none. */
bool extents_reclaim(struct core *);

#endif
