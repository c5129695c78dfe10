/* SPDX-License-Identifier: BSD-2-Clause */
/* swapcheck: fills much more memory than there is, and looks whether it comes back.
 *
 * Several processes share a working set. Each page says whose it is ({magic, process, page,
 * generation, hash}) and is filled with noise made from just that, which neither compresses nor
 * equals another page's. A pass visits every page once: it proves the page to be the one that was
 * last written, then writes the next generation. A watcher, locked in memory, does all the talking,
 * because it must still be able to speak when nobody else can get a page.
 *
 * The working set is ordinary anonymous memory, or with --files one file a process, read and
 * written with pread and pwrite (on a tmpfs these pages are swapped too). */
#include "swapcheck.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct options opt = {.size_bytes = 64 << 20, .processes = 4, .rounds = 1, .passes = "fbrF", .progress_seconds = 5, .sample = 1};
struct report *reports;
uint64_t started_us;

uint64_t now_us(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

void say(const char *format, ...)
{
	char line[256];
	va_list args;

	va_start(args, format);
	int n = vsnprintf(line, sizeof line - 1, format, args);
	va_end(args);
	if (n > (int)sizeof line - 2)
		n = sizeof line - 2;
	line[n] = '\n';
	if (write(STDOUT_FILENO, line, (size_t)n + 1) < 0)
		_exit(EXIT_USAGE);
}

static void start_workers(void)
{
	started_us = now_us();
	for (unsigned i = 0; i < opt.processes; i++) {
		pid_t pid = fork();

		if (pid == 0)
			worker(i);
		if (pid < 0) {
			say("swapcheck: cannot start process %u: %s", i, strerror(errno));
			exit(EXIT_DIED);
		}
		watch_start(i, pid);
	}
}

static const char help[] =
	"swapcheck [OPTION]...: fills memory, and looks whether it comes back right\n"
	"  --size BYTES[K|M|G]  working set of all processes together (64M)\n"
	"  --processes N        how many share it (4)\n"
	"  --passes LETTERS     one pass each: f forward, b backward, r random; check, then rewrite;\n"
	"                       F, B, R only check (fbrF); . wait at the gate\n"
	"  --sample N           R visits one page in N, all over the working set (1)\n"
	"  --gate FILE          which opens when FILE exists; all being there makes FILE.reached\n"
	"  --rounds N           all passes so often (1), but start no new round after\n"
	"  --time SECONDS\n"
	"  --files DIR          files in DIR instead of anonymous memory\n"
	"  --signals N          interrupt each process so often a second\n"
	"  --hang SECONDS       give up when a process makes no progress for so long\n"
	"  --silence SECONDS    give up when none of them does\n"
	"  --on-hang KEYS       then write these to /proc/sysrq-trigger\n"
	"  --progress SECONDS   say something so often (5)\n"
	"  --plant              damage page 7: must be found, or swapcheck is blind\n"
	"Exit status: 0 all right, 1 a wrong page, 2 usage, 3 a process died, 4 hang.\n";

static uint64_t parse_size(const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 10);
	unsigned shift = *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;

	if (end == text || (shift ? end[1] : end[0]) || n == 0 || n > UINT64_MAX >> shift) {
		say("swapcheck: not a size: %s", text);
		exit(EXIT_USAGE);
	}
	return n << shift;
}

static unsigned parse_count(const char *text, unsigned max)
{
	uint64_t n = parse_size(text);
	if (n > max) {
		say("swapcheck: %s: more than %u", text, max);
		exit(EXIT_USAGE);
	}
	return (unsigned)n;
}

static void parse_options(int argc, char **argv)
{
	static const struct option table[] = {
		{"size", 1, NULL, 's'},  {"processes", 1, NULL, 'n'}, {"passes", 1, NULL, 'p'},
		{"rounds", 1, NULL, 'r'}, {"time", 1, NULL, 't'},     {"files", 1, NULL, 'f'},
		{"gate", 1, NULL, 'w'},  {"sample", 1, NULL, 'm'},    {"signals", 1, NULL, 'i'},
		{"hang", 1, NULL, 'h'},  {"silence", 1, NULL, 'q'},   {"on-hang", 1, NULL, 'k'},   {"progress", 1, NULL, 'g'},
		{"plant", 0, NULL, 'x'}, {"help", 0, NULL, '?'},      {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1)
		switch (c) {
		case 's': opt.size_bytes = parse_size(optarg); break;
		case 'n': opt.processes = parse_count(optarg, MAX_PROCESSES); break;
		case 'p': opt.passes = optarg; break;
		case 'r': opt.rounds = parse_count(optarg, INT_MAX); break;
		case 't': opt.seconds = parse_count(optarg, INT_MAX); break;
		case 'f': opt.files = optarg; break;
		case 'h': opt.hang_seconds = parse_count(optarg, INT_MAX); break;
		case 'q': opt.silence_seconds = parse_count(optarg, INT_MAX); break;
		case 'w': opt.gate = optarg; break;
		case 'i': opt.signals = parse_count(optarg, 1000); break;
		case 'm': opt.sample = parse_count(optarg, 4096); break;
		case 'k': opt.sysrq = optarg; break;
		case 'g': opt.progress_seconds = parse_count(optarg, INT_MAX); break;
		case 'x': opt.plant = true; break;
		default: fputs(help, stdout); exit(EXIT_USAGE);
		}
	if (optind < argc || opt.passes[strspn(opt.passes, opt.gate ? "fbrFBR." : "fbrFBR")] || !*opt.passes ||
		opt.size_bytes / PAGE / opt.processes < 8 || opt.size_bytes / PAGE / opt.processes > INT32_MAX) {
		fputs(help, stdout);
		exit(EXIT_USAGE);
	}
}

int main(int argc, char **argv)
{
	parse_options(argc, argv);
	reports = mmap(NULL, opt.processes * sizeof *reports, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (reports == MAP_FAILED) {
		say("swapcheck: no memory: %s", strerror(errno));
		return EXIT_DIED;
	}
	start_workers();
	/* What is locked before a fork is copied when it is written next, which takes memory. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
		say("swapcheck: the watcher is not locked in memory: %s", strerror(errno));
	reports->all_may_start = true;
	return watch();
}
