/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads the state of this host's memory: /proc/meminfo, PSI, and the limits of the cgroups
 * (v2) that we are in. The files stay open, so that reading works even when descriptors
 * run out. Any thread may read. */
#ifndef FARPAGE_GAUGE_H
#define FARPAGE_GAUGE_H

#include <stdbool.h>
#include <stdint.h>

#define GAUGE_LEVELS 8 /* cgroups, from ours upwards */
#define GAUGE_PSI    2 /* the host's, and our cgroup's if that has a limit */

/* A trigger: tasks waited for memory for 200 ms of 2 s, which is the shortest window
 * that the kernel grants to all users. */
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
	uint64_t total;     /* bytes that we may have at most; 0: unknown */
	uint64_t available; /* bytes available; UINT64_MAX: unknown */
	uint64_t uncommitted; /* bytes that may still be committed; UINT64_MAX: no limit */
	unsigned stalled;   /* 1/100 % of the last ten seconds */
};

/* ROOT is "" except in tests. Files that are missing or not readable are left out. */
void gauge_open(struct gauge *, const char *root, bool triggers);
void gauge_read(const struct gauge *, struct gauge_seen *);
/* Read everything but PSI, which costs more. */
void gauge_read_memory(const struct gauge *, struct gauge_seen *);
void gauge_close(struct gauge *);
/* The same for one look at this host. */
struct gauge_seen gauge_look(void);

#endif
