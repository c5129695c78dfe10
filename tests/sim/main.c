/* SPDX-License-Identifier: BSD-2-Clause */
/* farsim [--mode safety|liveness] [--seed N | --seeds A..B] [--trace] [-j N]
 * Without a mode both. Ends with 1 when a seed fails, and says how to see it again; of
 * many seeds also when something that must be tried never came to pass. */
#include <getopt.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim.h"

#define WORKERS_MAX  64u
#define SEED_SECONDS 60u   /* one that takes longer hangs */
#define MANY         1000u /* seeds of a mode in which everything must happen */

bool tracing;

static const char *const mode_words[] = { "safety", "liveness" };

/* What the workers share. */
static struct shared {
	_Atomic uint64_t next;   /* the first of the range is 0; modes alternate */
	_Atomic bool failed;
	struct worker {
		uint64_t seed;
		enum mode mode;
		struct stats stats;
	} worker[WORKERS_MAX];
} *shared;

static uint64_t from = 1, to = 1;
static unsigned modes = 3, jobs = 1;
static uint64_t seed_now;
static enum mode mode_now;

void trace_line(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("%10" PRId64 "  ", now);
	vprintf(format, args);
	putchar('\n');
	va_end(args);
}

static void tell(uint64_t seed, enum mode mode, const char *what)
{
	fflush(stdout);
	fprintf(stderr, "seed %" PRIu64 ", %s: %s\n"
	        "see it again: farsim --mode %s --seed %" PRIu64 " --trace\n",
	        seed, mode_words[mode], what, mode_words[mode], seed);
}

void fail(const char *format, ...)
{
	char what[512];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	if (tracing)
		printf("%10" PRId64 "  %s\n", now, what);
	tell(seed_now, mode_now, what);
	_exit(1);
}

static unsigned modes_n(void)
{
	return modes == 3 ? 2 : 1;
}

static void run_one(uint64_t n)
{
	seed_now = from + n / modes_n();
	mode_now = modes == 3 ? (enum mode)(n % 2) : modes == 2 ? LIVENESS : SAFETY;
}

static void work(struct worker *me)
{
	uint64_t all = (to - from + 1) * modes_n(), n;

	while (!shared->failed && (n = shared->next++) < all) {
		run_one(n);
		me->seed = seed_now;
		me->mode = mode_now;
		alarm(SEED_SECONDS);
		sim_run(seed_now, mode_now);
	}
	me->stats = stats;
	exit(0);
}

/* True: it came to a good end. */
static bool ended_well(const struct worker *w, int status)
{
	char what[64];

	if (status == 0)
		return true;
	shared->failed = true;
	if (WIFSIGNALED(status)) {
		snprintf(what, sizeof what, "signal %d%s", WTERMSIG(status),
		         WTERMSIG(status) == SIGALRM ? ": it hangs" : "");
		tell(w->seed, w->mode, what);
	}
	return false;
}

static bool run_many(void)
{
	pid_t pid[WORKERS_MAX];
	bool well = true;
	int status;

	for (unsigned i = 0; i < jobs; i++) {
		pid[i] = fork();
		if (pid[i] < 0) {
			perror("fork");
			exit(2);
		}
		if (pid[i] == 0)
			work(&shared->worker[i]);
	}
	for (unsigned i = 0; i < jobs; i++) {
		waitpid(pid[i], &status, 0);
		well = ended_well(&shared->worker[i], status) && well;
		stats_add(&stats, &shared->worker[i].stats);
	}
	return well;
}

static bool run_range(void)
{
	bool well;

	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
	              -1, 0);
	if (shared == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
	well = run_many();
	if (!well)
		return false;
	stats_print(&stats);
	printf("%12" PRIu64 "  worlds\n", stats.seeds);
	return to - from + 1 < MANY || stats_missing(&stats, modes) == 0;
}

static void usage(void)
{
	fprintf(stderr, "usage: farsim [--mode safety|liveness] [--seed N | --seeds A..B] "
	                "[--trace] [-j N]\n");
	exit(2);
}

static void parse_seeds(const char *text)
{
	if (sscanf(text, "%" SCNu64 "..%" SCNu64, &from, &to) != 2 || from > to)
		usage();
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "mode", required_argument, NULL, 'm' }, { "seed", required_argument, NULL, 's' },
		{ "seeds", required_argument, NULL, 'r' }, { "trace", no_argument, NULL, 't' },
		{ "jobs", required_argument, NULL, 'j' }, { 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "j:", options, NULL)) >= 0)
		switch (option) {
		case 'm': modes = strcmp(optarg, "safety") == 0 ? IN_S
		                  : strcmp(optarg, "liveness") == 0 ? IN_L : 0; break;
		case 's': from = to = strtoull(optarg, NULL, 0); break;
		case 'r': parse_seeds(optarg); break;
		case 't': tracing = true; break;
		case 'j': jobs = (unsigned)atoi(optarg); break;
		default: usage();
		}
	if (!modes || !jobs || jobs > WORKERS_MAX || optind != argc)
		usage();
}

int main(int argc, char **argv)
{
	parse(argc, argv);
	if (from != to)
		return !run_range();
	for (uint64_t n = 0; n < modes_n(); n++) { /* here, for a debugger */
		run_one(n);
		sim_run(seed_now, mode_now);
	}
	return 0;
}
