/* SPDX-License-Identifier: BSD-2-Clause */
/* Limits something to so much a second. What is taken is paid for in time. A caller may owe a
 * tenth of a second, or as much as it says, and must wait beyond that. Time is clock_ns(). Any
 * thread. */
#ifndef FARPAGE_RATE_H
#define FARPAGE_RATE_H

#include <stdatomic.h>
#include <stdint.h>

#define RATE_BURST_NS UINT64_C(100000000)

struct rate {
	_Atomic uint64_t unit_ps; /* what one costs; 0: nothing */
	_Atomic uint64_t paid_ns; /* when all that was taken is paid for */
};

/* PER_SECOND 0: no limit. What is owed is forgotten. */
static inline void rate_set(struct rate *r, uint64_t per_second)
{
	atomic_store(&r->unit_ps, per_second ? UINT64_C(1000000000000) / per_second : 0);
	atomic_store(&r->paid_ns, 0);
}

/* For how long it still has to be paid for, ns. */
static inline uint64_t rate_owed(struct rate *r, uint64_t now_ns)
{
	uint64_t paid = atomic_load_explicit(&r->paid_ns, memory_order_relaxed);

	return paid > now_ns ? paid - now_ns : 0;
}

/* How long a caller that may owe so much must wait before it takes more, ns; 0: not at all. */
static inline uint64_t rate_wait_beyond(struct rate *r, uint64_t now_ns, uint64_t burst_ns)
{
	uint64_t owed = rate_owed(r, now_ns);

	return owed > burst_ns ? owed - burst_ns : 0;
}

static inline uint64_t rate_wait(struct rate *r, uint64_t now_ns)
{
	return rate_wait_beyond(r, now_ns, RATE_BURST_NS);
}

/* Give back what was taken: it need not be paid for. */
static inline void rate_give(struct rate *r, uint64_t units)
{
	atomic_fetch_sub(&r->paid_ns,
	                 units * atomic_load_explicit(&r->unit_ps, memory_order_relaxed) / 1000);
}

static inline void rate_take(struct rate *r, uint64_t now_ns, uint64_t units)
{
	uint64_t cost = units * atomic_load_explicit(&r->unit_ps, memory_order_relaxed) / 1000;
	uint64_t paid = atomic_load(&r->paid_ns);

	while (cost && !atomic_compare_exchange_weak(&r->paid_ns, &paid,
	                                             (paid > now_ns ? paid : now_ns) + cost))
		;
}

#endif
