/* SPDX-License-Identifier: BSD-2-Clause */
/* What this host's memory is like: /proc/meminfo, PSI, and the limits of the cgroups
 * (v2) that we are in. The files stay open, so that looking works also when there
 * are no descriptors left. Any thread may read. */
#ifndef FARPAGE_GAUGE_H
#define FARPAGE_GAUGE_H

#include <stdbool.h>
#include <stdint.h>

#define GAUGE_LEVELS 8 /* cgroups, from ours upwards */
#define GAUGE_PSI    2 /* the host's, and our cgroup's if that has a limit */

/* A trigger: tasks waited for memory for 200 ms of 2 s, which is the shortest window
 * that the kernel grants everybody. */
#define GAUGE_TRIGGER "some 200000 2000000"

struct gauge {
	bool triggers;
	int meminfo, overcommit;
	struct gauge_level {
		int max, high, current, stat;
	} level[GAUGE_LEVELS];
	unsigned levels;
	int psi[GAUGE_PSI], trigger[GAUGE_PSI]; /* -1: there is none */
};

struct gauge_seen {
	uint64_t total;     /* bytes that we may have at most; 0 if nobody knows */
	uint64_t available; /* bytes that can be had; UINT64_MAX if nobody knows */
	uint64_t uncommitted; /* bytes that may yet be; UINT64_MAX: as many as are wanted */
	unsigned stalled;   /* 1/100 % of the last ten seconds */
};

/* ROOT is "" but in tests. What is missing, or not allowed, is left out. */
void gauge_open(struct gauge *, const char *root, bool triggers);
void gauge_read(const struct gauge *, struct gauge_seen *);
/* All but how much tasks wait, which costs more to know. */
void gauge_read_memory(const struct gauge *, struct gauge_seen *);
void gauge_close(struct gauge *);
/* The same for one look at this host. */
struct gauge_seen gauge_look(void);

#endif
