/* SPDX-License-Identifier: BSD-2-Clause */
/* When the host needs its memory back: what is done about it, as a function of
 * what was seen and of what was so before. Knows no clock, file or pool. */
#ifndef FARPAGE_PRESSURE_H
#define FARPAGE_PRESSURE_H

#include <stdbool.h>
#include <stdint.h>

/* Tasks of the host waited for memory in so much of the last time, in 1/100 %. */
#define PRESSURE_STALLED   1000u
#define PRESSURE_UNSTALLED 500u
#define PRESSURE_GRACE_MS  1000u /* short for so long before borrowers are asked */
#define PRESSURE_WELL_MS   5000u /* all is well for so long before it is over */
/* What a clock that jumps, or a host that slept, counts for at most. */
#define PRESSURE_STEP_MS   2000u

enum pressure_state {
	PRESSURE_NONE,
	PRESSURE_REFUSE, /* no page more than there are */
	PRESSURE_VACATE, /* and borrowers are asked for pages back */
	PRESSURE_DROP,   /* and what they did not give in time is dropped */
};

struct pressure_rule {
	uint64_t keep_free;   /* bytes; 0: it does not matter what is free */
	uint32_t deadline_ms; /* that borrowers have */
};

struct pressure_seen {
	uint64_t now_ms;
	uint64_t available; /* bytes */
	uint64_t held;      /* bytes in pages of borrowers */
	unsigned stalled;   /* 1/100 % */
	bool refused;       /* a page found no room beside what is to be free */
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

/* What SEEN makes of P. */
void pressure_step(struct pressure *p, const struct pressure_rule *,
                   const struct pressure_seen *);

#endif
