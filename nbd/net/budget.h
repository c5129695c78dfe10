/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory that all connections together hold for clients that keep asking and take no reply, or
 * send half of something: replies that are owed, and bytes that wait. Each connection may hold an
 * eighth of what the others leave. So the sum stays below the budget, however many there are,
 * except for what a connection needs to be served at all. Any thread. */
#ifndef FARPAGE_BUDGET_H
#define FARPAGE_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define BUDGET_BYTES (6u << 20)
#define BUDGET_PART  8
/* What an idle connection may keep for later, as a part of its share. */
#define BUDGET_IDLE_PART 16

struct budget {
	_Atomic size_t held;
	_Atomic bool much;  /* it was more than half, and has not yet sunk to an eighth */
};

static inline size_t budget_share(struct budget *b)
{
	size_t held = atomic_load_explicit(&b->held, memory_order_relaxed);

	return held < BUDGET_BYTES ? (BUDGET_BYTES - held) / BUDGET_PART : 0;
}

/* A connection that held *MINE now holds NOW. */
static inline void budget_hold(struct budget *b, size_t *mine, size_t now)
{
	if (*mine != now &&
	    atomic_fetch_add_explicit(&b->held, now - *mine, memory_order_relaxed) > BUDGET_BYTES / 2)
		atomic_store_explicit(&b->much, true, memory_order_relaxed);
	*mine = now;
}

/* True once after it was much. */
static inline bool budget_was_much(struct budget *b)
{
	return atomic_load_explicit(&b->held, memory_order_relaxed) < BUDGET_BYTES / 8 &&
	       atomic_load_explicit(&b->much, memory_order_relaxed) &&
	       atomic_exchange(&b->much, false);
}

#endif
