/* SPDX-License-Identifier: BSD-2-Clause */
/* The load generator's engine: one thread keeps exactly `depth` requests
 * outstanding on every connection and times them. A batch costs one recv and
 * one send, nothing is allocated after load_open(). When a server shares its
 * core with its client, what is spent here counts against it: be lean. */
#ifndef FARPAGE_BENCH_LOAD_H
#define FARPAGE_BENCH_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "hist.h"
#include "meter.h"

struct load_plan {
	const char *address, *export;
	unsigned depth; /* of each connection */
	unsigned connections;
	unsigned read_percent; /* 0 = writes only, 100 = reads only */
	uint32_t block_bytes;
	uint64_t span_bytes; /* 0 = the export's size */
	uint64_t seed;
	uint64_t warmup_ns;
	uint64_t ops; /* 0 = for `duration_ns` */
	uint64_t duration_ns;
	bool sequential, fill, verify;
	bool tolerate_eio; /* and, verifying, count what is wrong instead of ending at it */
};

struct load_result {
	uint64_t ops; /* completed while measuring */
	uint64_t elapsed_ns, own_cpu_ns;
	/* Of all states: filling, warming up and draining too. */
	uint64_t requests;
	uint64_t read_errors, write_errors; /* EIO */
	uint64_t wrong, first_wrong; /* reads that were; of which block the first */
	uint64_t longest_ns; /* that a request waited for its answer */
	struct hist latency;
};

struct load;

/* Connects. NULL with the reason in load_error(). `plan` and `meter` stay the
 * caller's and must outlive the load. */
struct load *load_open(const struct load_plan *plan, struct meter *meter);
void load_close(struct load *load);

/* Fills if asked, warms up, measures, then waits for what is outstanding.
 * 0, or -1 with the reason in load_error(). */
int load_run(struct load *load, struct load_result *result);

/* The last failure in words. */
const char *load_error(void);

/* Both may be called from a signal handler: measure no longer; and replies so far. */
void load_stop(void);
uint64_t load_progress(void);

#endif
