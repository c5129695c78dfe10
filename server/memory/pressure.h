/* SPDX-License-Identifier: BSD-2-Clause */
/* Decides what to do when the host needs its memory back, as a function of what was
 * seen and of the state before. Knows no clock, file or pool. */
#ifndef FARPAGE_PRESSURE_H
#define FARPAGE_PRESSURE_H

#include <stdbool.h>
#include <stdint.h>

/* The share of the last ten seconds in which tasks waited for memory, in 1/100 %. */
#define PRESSURE_STALLED   1000u
#define PRESSURE_UNSTALLED 500u
#define PRESSURE_GRACE_MS  1000u /* how long memory must be short before borrowers are asked */
#define PRESSURE_WELL_MS   5000u /* how long all must be well before the shortage is over */
/* The most that a jump of the clock, or sleep of the host, counts for. */
#define PRESSURE_STEP_MS   2000u

enum pressure_state {
	PRESSURE_NONE,
	PRESSURE_REFUSE, /* take no new pages */
	PRESSURE_VACATE, /* and ask borrowers for pages back */
	PRESSURE_DROP,   /* and drop what they did not give back in time */
};

struct pressure_rule {
	uint64_t keep_free;   /* bytes; 0: free memory does not matter */
	uint32_t deadline_ms; /* that borrowers have */
};

struct pressure_seen {
	uint64_t now_ms;
	uint64_t available; /* bytes */
	uint64_t held;      /* bytes in pages of borrowers */
	unsigned stalled;   /* 1/100 % */
	bool refused;       /* a page found no room beside keep_free */
};

struct pressure {
	enum pressure_state state;
	bool begun;         /* last_ms is good */
	uint64_t last_ms;
	uint32_t short_ms;  /* without a break */
	uint32_t well_ms;   /* without a break */
	uint32_t round_ms;  /* of this deadline */
	uint64_t rounds;    /* deadlines that have passed */
	uint64_t ask;       /* bytes wanted back now */
	uint64_t take;      /* bytes to drop now, out of what was asked a deadline ago */
};

/* Advance P by what was SEEN. */
void pressure_step(struct pressure *p, const struct pressure_rule *,
                   const struct pressure_seen *);

#endif
