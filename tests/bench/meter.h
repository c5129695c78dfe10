/* SPDX-License-Identifier: BSD-2-Clause */
/* What server processes used: CPU time and context switches of a process, all
 * its threads and all its descendants (nbd-server forks for every connection). */
#ifndef FARPAGE_BENCH_METER_H
#define FARPAGE_BENCH_METER_H

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define METER_SERVERS 8
#define METER_PROCESSES 64

struct meter_sample {
	uint64_t cpu_ns;
	uint64_t voluntary; /* context switches that went to sleep: each is a wake-up */
	uint64_t involuntary;
};

struct meter {
	unsigned servers;
	pid_t server_pid[METER_SERVERS];
	struct meter_sample used[METER_SERVERS]; /* valid after meter_stop() */
	/* the servers and their descendants, as they were at meter_start() */
	unsigned processes;
	struct {
		pid_t pid;
		unsigned server; /* index of the server it belongs to */
		clockid_t clock;
	} process[METER_PROCESSES];
};

/* Both return 0, or -1 with errno: ESRCH when a server is gone, E2BIG when it
 * has too many descendants. Threads that end in between take their switches
 * with them, but not their CPU time. */
int meter_start(struct meter *meter);
int meter_stop(struct meter *meter);

#endif
