/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of one link, asked as questions; and its state, which only peer_set_state()
 * changes. */
#ifndef FARPAGE_PEER_H
#define FARPAGE_PEER_H

#include "state.h"

void peer_init(struct peer *);
void peer_set_state(struct core *, unsigned link_no, enum peer_state, int64_t now);
static inline bool peer_up(const struct core *c, int link_no)
{
	return link_no >= 0 && c->peer[link_no].state == PEER_UP;
}

/* It may come back. */
bool peer_away(const struct core *, unsigned link_no);
/* Is it there, or not away so long that its copies are to be made elsewhere? */
bool peer_counts(const struct core *, int link_no, int64_t now);
static inline bool peer_full(const struct core *c, int link_no, int64_t at)
{
	return c->peer[link_no].full_until > at;
}

/* Extents with a copy on it are to be looked at. */
void peer_want_heal(struct core *, unsigned link_no);
/* How long a reply may take before another copy is asked too. */
int64_t peer_hedge_ms(const struct core *, unsigned link_no);
void peer_measure(struct core *, const struct ask *, int64_t now);
/* Whoever owes an answer longer than this is closed, or stuck if it is the spill. */
int64_t peer_timeout_ms(const struct core *, unsigned link_no);
/* When it is closed if it goes on like this. */
int64_t peer_expires(const struct core *, unsigned link_no);
int64_t peers_wake_at(const struct core *, bool background);
/* An operation waits for one of them: all that are down are tried again at once. */
void peers_hurry(struct core *, int64_t now);
/* The next peer that is to be connected now, -1 none. */
int peers_connect(struct core *, int64_t now);

#endif
