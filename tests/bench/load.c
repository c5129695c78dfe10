/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "conn.h"
#include "dial.h"
#include "load.h"
#include "nbdwire.h"
#include "stamp.h"

#define RECEIVE_BYTES (256u << 10)

enum load_state {
	LOAD_FILLING, /* every block is written once, in order */
	LOAD_WARMING, /* under load, not yet measured */
	LOAD_MEASURING,
	LOAD_DRAINING, /* nothing new is sent, answers no longer count */
};

/* Verify: the newest write of a block; whether it holds that; and whether a request
 * is outstanding, for two at a time could not be told apart. */
struct block {
	uint32_t generation;
	bool known, busy;
};

struct load {
	const struct load_plan *plan;
	struct meter *meter;
	struct load_result *result;
	enum load_state state;
	struct conn *conn;
	struct pollfd *poll;
	unsigned outstanding;
	uint64_t blocks, next_block, random;
	uint64_t to_ask; /* requests that may still be sent in this state */
	uint64_t now_ns, deadline_ns; /* of the last batch; of this state */
	uint64_t started_ns, own_cpu_started_ns;
	uint8_t *data; /* of the slots */
	struct block *block; /* verify: all of them; else NULL */
	uint8_t receive[RECEIVE_BYTES];
};

static char why[1024];
static volatile uint64_t progress;
static volatile sig_atomic_t stopped;

const char *load_error(void)
{
	return why;
}

void load_stop(void)
{
	stopped = 1;
}

uint64_t load_progress(void)
{
	return progress;
}

__attribute__((format(printf, 1, 2))) static int fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof why, format, args);
	va_end(args);
	return -1;
}

static uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* xorshift64*, the high half. */
static uint32_t load_random(struct load *load)
{
	load->random ^= load->random >> 12;
	load->random ^= load->random << 25;
	load->random ^= load->random >> 27;
	return (uint32_t)(load->random * 0x2545f4914f6cdd1du >> 32);
}

static uint64_t load_pick_block(struct load *load)
{
	uint64_t block;

	if (load->plan->sequential || load->state == LOAD_FILLING) {
		block = load->next_block;
		load->next_block = block + 1 == load->blocks ? 0 : block + 1;
	} else {
		block = load_random(load) * load->blocks >> 32; /* fewer than 2^32 blocks */
	}
	if (load->block != NULL) {
		while (load->block[block].busy)
			block = block + 1 == load->blocks ? 0 : block + 1;
		load->block[block].busy = true;
	}
	return block;
}

static bool load_pick_read(struct load *load)
{
	unsigned percent = load->state == LOAD_FILLING ? 0 : load->plan->read_percent;

	if (percent == 0 || percent == 100)
		return percent == 100;
	return load_random(load) % 100 < percent;
}

static void load_ask(struct load *load, struct conn *conn, struct slot *slot)
{
	slot->read = load_pick_read(load);
	slot->block = load_pick_block(load);
	slot->start_ns = load->now_ns;
	if (load->block != NULL && !slot->read) {
		slot->generation = load->block[slot->block].generation + 1;
		stamp_write(slot->data, conn->block_bytes, slot->block, slot->generation);
	}
	conn_ask(conn, slot);
	load->outstanding++;
	load->to_ask--;
	load->result->requests++;
}

/* Blocks that this run never wrote may hold anything; so may one whose last write failed,
 * until it is written again. */
static int load_verify(struct load *load, struct conn *conn, struct slot *slot, bool failed)
{
	struct block *block = &load->block[slot->block];

	block->busy = false;
	if (!slot->read) {
		block->generation = slot->generation;
		block->known = !failed;
	} else if (!failed && block->known &&
		!stamp_matches(slot->data, conn->block_bytes, slot->block, block->generation)) {
		if (load->result->wrong++ == 0)
			load->result->first_wrong = slot->block;
		if (!load->plan->tolerate_eio)
			return fail("wrong data: block %llu is not what write %u left there",
				(unsigned long long)slot->block, block->generation);
	}
	return 0;
}

int load_answer(struct load *load, struct conn *conn, struct slot *slot, uint32_t error)
{
	slot->busy = false;
	load->outstanding--;
	progress++;
	if (load->now_ns - slot->start_ns > load->result->longest_ns)
		load->result->longest_ns = load->now_ns - slot->start_ns;
	if (error == NBD_EIO && load->plan->tolerate_eio)
		++*(slot->read ? &load->result->read_errors : &load->result->write_errors);
	else if (error != 0)
		return fail("%s of %u bytes at %llu failed: NBD error %u (%s)", slot->read ? "read" : "write",
			conn->block_bytes, (unsigned long long)(slot->block * conn->block_bytes), error,
			strerror((int)error));
	if (load->block != NULL && load_verify(load, conn, slot, error != 0) == -1)
		return -1;
	/* What was outstanding when the meter was read waited for that. */
	if (load->state == LOAD_MEASURING && slot->start_ns >= load->started_ns) {
		hist_add(&load->result->latency, load->now_ns - slot->start_ns);
		load->result->ops++;
	}
	if (load->to_ask > 0)
		load_ask(load, conn, slot);
	return 0;
}

/* One batch: receive, parse, send what parsing queued. */
static int load_batch(struct load *load, struct conn *conn, int flags)
{
	ssize_t n = recv(conn->fd, load->receive, sizeof load->receive, flags);

	if (n == 0)
		return fail("the server closed the connection");
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n == -1)
		return fail("receiving: %s", strerror(errno));
	load->now_ns = clock_ns(CLOCK_MONOTONIC);
	why[0] = '\0';
	if (conn_parse(load, conn, load->receive, (size_t)n) == -1)
		return why[0] != '\0' ? -1 : fail("the server sent something that is no reply");
	if (conn_send(conn) == -1)
		return fail("sending: %s", strerror(errno));
	return 0;
}

static int load_poll(struct load *load)
{
	unsigned connections = load->plan->connections;

	for (unsigned i = 0; i < connections; i++)
		load->poll[i].events = (short)(load->conn[i].iovs > 0 ? POLLIN | POLLOUT : POLLIN);
	if (poll(load->poll, connections, -1) == -1)
		return errno == EINTR ? 0 : fail("poll: %s", strerror(errno));
	for (unsigned i = 0; i < connections; i++) {
		struct conn *conn = &load->conn[i];

		if ((load->poll[i].revents & POLLOUT) && conn_send(conn) == -1)
			return fail("sending: %s", strerror(errno));
		if ((load->poll[i].revents & ~POLLOUT) && load_batch(load, conn, MSG_DONTWAIT) == -1)
			return -1;
	}
	return 0;
}

static int load_set_state(struct load *load, enum load_state state)
{
	load->state = state;
	load->to_ask = UINT64_MAX;
	switch (state) {
	case LOAD_FILLING:
		load->to_ask = load->blocks;
		break;
	case LOAD_WARMING:
		load->deadline_ns = load->now_ns + load->plan->warmup_ns;
		break;
	case LOAD_MEASURING:
		if (meter_start(load->meter) == -1)
			return fail("reading the server's CPU time: %s", strerror(errno));
		load->own_cpu_started_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
		load->started_ns = clock_ns(CLOCK_MONOTONIC);
		load->deadline_ns = load->started_ns + load->plan->duration_ns;
		break;
	case LOAD_DRAINING:
		load->to_ask = 0;
		load->result->elapsed_ns = clock_ns(CLOCK_MONOTONIC) - load->started_ns;
		load->result->own_cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - load->own_cpu_started_ns;
		if (meter_stop(load->meter) == -1)
			return fail("reading the server's CPU time: %s", strerror(errno));
		break;
	}
	return 0;
}

static bool load_state_done(const struct load *load)
{
	/* A duration too short for one operation is stretched. */
	uint64_t ops = load->plan->ops > 0 ? load->plan->ops : 1;

	switch (load->state) {
	case LOAD_WARMING:
		return load->now_ns >= load->deadline_ns;
	case LOAD_MEASURING:
		return stopped || (load->result->ops >= ops && (load->plan->ops > 0 || load->now_ns >= load->deadline_ns));
	case LOAD_FILLING:
	case LOAD_DRAINING:
		break;
	}
	return false;
}

/* Starts a request in every slot and goes on until none is outstanding. */
static int load_turn(struct load *load)
{
	load->now_ns = clock_ns(CLOCK_MONOTONIC);
	for (unsigned i = 0; i < load->plan->connections; i++) {
		struct conn *conn = &load->conn[i];

		for (unsigned j = 0; j < conn->depth && load->to_ask > 0; j++)
			load_ask(load, conn, &conn->slot[j]);
		if (conn_send(conn) == -1)
			return fail("sending: %s", strerror(errno));
	}
	while (load->outstanding > 0) {
		int r = load->plan->connections == 1 && load->conn->iovs == 0 ? load_batch(load, load->conn, 0)
			: load_poll(load);

		if (r == -1)
			return -1;
		if (load_state_done(load) &&
			load_set_state(load, load->state == LOAD_WARMING ? LOAD_MEASURING : LOAD_DRAINING) == -1)
			return -1;
	}
	return 0;
}

int load_run(struct load *load, struct load_result *result)
{
	memset(result, 0, sizeof *result);
	load->result = result;
	if (load->plan->fill && (load_set_state(load, LOAD_FILLING) == -1 || load_turn(load) == -1))
		return -1;
	load->now_ns = clock_ns(CLOCK_MONOTONIC);
	if (load_set_state(load, load->plan->warmup_ns > 0 ? LOAD_WARMING : LOAD_MEASURING) == -1)
		return -1;
	return load_turn(load);
}

static int load_set_span(struct load *load, const struct dial_export *export)
{
	const struct load_plan *plan = load->plan;
	uint64_t span = plan->span_bytes > 0 ? plan->span_bytes : export->size_bytes;

	if (span > export->size_bytes)
		return fail("a span of %llu bytes is more than the export's %llu", (unsigned long long)span,
			(unsigned long long)export->size_bytes);
	load->blocks = span / plan->block_bytes;
	if (load->blocks == 0 || load->blocks > UINT32_MAX)
		return fail("a span of %llu bytes is too small or too large for blocks of %u", (unsigned long long)span,
			plan->block_bytes);
	if (plan->verify && load->blocks <= (uint64_t)plan->depth * plan->connections)
		return fail("verifying needs more blocks than requests outstanding");
	if (plan->verify && plan->connections > 1 && !(export->flags & NBD_FLAG_CAN_MULTI_CONN))
		return fail("verifying over several connections: the export does not promise that they agree");
	return 0;
}

static int load_connect(struct load *load)
{
	const struct load_plan *plan = load->plan;
	size_t step = plan->verify ? plan->block_bytes : 0;
	struct dial_export export;

	for (unsigned i = 0; i < plan->connections; i++) {
		struct conn *conn = &load->conn[i];

		if (conn_open(conn, plan->depth, plan->block_bytes, load->data + i * plan->depth * step, step) == -1)
			return fail("no memory");
		conn->fd = dial(plan->address, plan->export, &export, why, sizeof why);
		if (conn->fd == -1 || load_set_span(load, &export) == -1)
			return -1;
		load->poll[i].fd = conn->fd;
	}
	return 0;
}

struct load *load_open(const struct load_plan *plan, struct meter *meter)
{
	struct load *load = calloc(1, sizeof *load);
	size_t data_blocks = plan->verify ? (size_t)plan->depth * plan->connections : 1;

	if (load == NULL)
		goto no_memory;
	load->plan = plan;
	load->meter = meter;
	load->random = plan->seed * 0x9e3779b97f4a7c15u | 1;
	load->conn = calloc(plan->connections, sizeof *load->conn);
	load->poll = calloc(plan->connections, sizeof *load->poll);
	load->data = calloc(data_blocks, plan->block_bytes);
	if (load->conn == NULL || load->poll == NULL || load->data == NULL)
		goto no_memory;
	for (unsigned i = 0; i < plan->connections; i++)
		load->conn[i].fd = -1;
	stamp_write(load->data, plan->block_bytes & ~7u, 0, 0); /* not zeros: servers may look for them */
	if (load_connect(load) == -1)
		goto err;
	if (plan->verify) {
		load->block = calloc(load->blocks, sizeof *load->block);
		if (load->block == NULL)
			goto no_memory;
	}
	return load;

no_memory:
	fail("no memory");
err:
	load_close(load);
	return NULL;
}

void load_close(struct load *load)
{
	if (load == NULL)
		return;
	for (unsigned i = 0; load->conn != NULL && i < load->plan->connections; i++)
		conn_close(&load->conn[i]);
	free(load->conn);
	free(load->poll);
	free(load->data);
	free(load->block);
	free(load);
}
