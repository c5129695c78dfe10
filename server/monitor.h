/* SPDX-License-Identifier: BSD-2-Clause */
/* Watches this host's memory, and has the pools give way when it is short: pressure.h
 * says when, vacate.h how. Belongs to the first loop. */
#ifndef FARPAGE_MONITOR_H
#define FARPAGE_MONITOR_H

#include <ev.h>

#include "gauge.h"
#include "pool.h"
#include "pressure.h"

struct monitor {
	struct ev_loop *ev;
	struct pools *pools;
	struct gauge gauge;
	struct gauge_seen seen;
	struct pressure_rule rule;
	struct pressure pressure;
	int triggers;     /* an epoll of gauge's triggers, or -1 */
	ev_io triggered;
	ev_timer timer;
	ev_timer sweeper; /* while the memory of removed pools is freed */
	uint64_t told, told_ms; /* puts that the kernel refused, and when that was logged */
};

/* Takes its first look at once. */
void monitor_start(struct monitor *, struct ev_loop *, struct pools *,
                   const struct pressure_rule *);
void monitor_set_rule(struct monitor *, const struct pressure_rule *);
/* Is memory short, so that nothing may grow? */
bool monitor_short(const struct monitor *);
/* Log one line about how things are. */
void monitor_log(const struct monitor *);
void monitor_stop(struct monitor *);

#endif
