/* SPDX-License-Identifier: BSD-2-Clause */
#include "pressure.h"

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* It is over when a quarter more is free than must be. */
static uint64_t mark(const struct pressure_rule *rule)
{
	return rule->keep_free + rule->keep_free / 4;
}

static bool too_little(const struct pressure_rule *rule, const struct pressure_seen *seen)
{
	return seen->available < rule->keep_free;
}

/* Do tasks wait for memory, for more than FROM of their time? With plenty free it is
 * some cgroup's own limit that they wait for, which no page of ours would help. */
static bool stalled(const struct pressure_rule *rule, const struct pressure_seen *seen,
                    unsigned from)
{
	bool plenty = rule->keep_free && seen->available / 2 >= rule->keep_free;

	return seen->stalled >= from && !plenty;
}

static void set_state(struct pressure *p, enum pressure_state state)
{
	p->state = state;
	p->short_ms = p->well_ms = p->round_ms = 0;
}

/* Milliseconds since the last step, as far as they are to be believed. */
static uint32_t pass(struct pressure *p, uint64_t now_ms)
{
	uint64_t ms = p->begun && now_ms > p->last_ms ? now_ms - p->last_ms : 0;

	p->begun = true;
	p->last_ms = now_ms;
	return (uint32_t)least(ms, PRESSURE_STEP_MS);
}

static void get_worse(struct pressure *p, const struct pressure_rule *rule,
                      const struct pressure_seen *seen, uint32_t ms)
{
	switch (p->state) {
	case PRESSURE_NONE:
		if (too_little(rule, seen) || seen->refused || stalled(rule, seen, PRESSURE_STALLED))
			set_state(p, PRESSURE_REFUSE);
		break;
	case PRESSURE_REFUSE:
		p->short_ms = too_little(rule, seen) ? p->short_ms + ms : 0;
		if (p->short_ms >= PRESSURE_GRACE_MS)
			set_state(p, PRESSURE_VACATE);
		break;
	case PRESSURE_VACATE:
	case PRESSURE_DROP:
		p->round_ms += ms;
		if (p->round_ms < rule->deadline_ms)
			break;
		p->round_ms = 0;
		p->rounds++;
		p->state = PRESSURE_DROP;
		break;
	}
}

void pressure_step(struct pressure *p, const struct pressure_rule *rule,
                   const struct pressure_seen *seen)
{
	uint32_t ms = pass(p, seen->now_ms);
	bool enough = seen->available >= mark(rule);
	bool well = enough && !stalled(rule, seen, PRESSURE_UNSTALLED);

	p->well_ms = well ? p->well_ms + ms : 0;
	if (p->state != PRESSURE_NONE && p->well_ms >= PRESSURE_WELL_MS)
		set_state(p, PRESSURE_NONE);
	else
		get_worse(p, rule, seen, ms);
	p->ask = p->state >= PRESSURE_VACATE && !enough
	             ? least(mark(rule) - seen->available, seen->held) : 0;
	p->take = p->state == PRESSURE_DROP && too_little(rule, seen)
	              ? least(rule->keep_free - seen->available, seen->held) : 0;
}
