/* SPDX-License-Identifier: BSD-2-Clause */
/* Looks at this host's memory again and again, and has the pools give way when it
 * is short: pressure.h says when, vacate.h how. Belongs to the first loop. */
#ifndef FARPAGE_WATCH_H
#define FARPAGE_WATCH_H

#include <ev.h>

#include "gauge.h"
#include "pool.h"
#include "pressure.h"

struct watch {
	struct ev_loop *ev;
	struct pools *pools;
	struct gauge gauge;
	struct gauge_seen seen;
	struct pressure_rule rule;
	struct pressure pressure;
	int triggers;     /* an epoll of gauge's triggers, or -1 */
	ev_io triggered;
	ev_timer timer;
	ev_timer sweeper; /* while the memory of removed pools goes back */
	uint64_t told, told_ms; /* puts that the kernel refused, and when that was said */
};

/* Takes its first look at once. */
void watch_start(struct watch *, struct ev_loop *, struct pools *,
                 const struct pressure_rule *);
void watch_set_rule(struct watch *, const struct pressure_rule *);
/* Is memory short, so that nothing may grow? */
bool watch_short(const struct watch *);
/* One line about how things are, for who asks. */
void watch_log(const struct watch *);
void watch_stop(struct watch *);

#endif
