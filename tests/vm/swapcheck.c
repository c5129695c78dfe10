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
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, MAX_PROCESSES = 64, EXIT_WRONG = 1, EXIT_USAGE = 2, EXIT_DIED = 3, EXIT_HANG = 4 };
#define MAGIC UINT64_C(0x4b43454843504153) /* "SAPCHECK" */

struct page {
	uint64_t magic;
	uint32_t process, index, generation, unused;
	uint64_t hash; /* of the filler */
	uint64_t filler[PAGE / 8 - 4];
};
_Static_assert(sizeof(struct page) == PAGE, "a page is a page");

/* What one worker tells the watcher. One cache line each, all of them in one locked mapping. */
struct report {
	_Alignas(64) atomic_uint_least64_t steps, checked, wrong;
	atomic_uint_least64_t stall_us; /* the longest that one page took */
	atomic_bool at_gate;
};

static struct options {
	uint64_t size_bytes;
	unsigned processes, rounds, seconds, hang_seconds, progress_seconds;
	const char *passes, *files, *sysrq, *gate;
	bool plant;
} opt = {.size_bytes = 64 << 20, .processes = 4, .rounds = 1, .passes = "fbrF", .progress_seconds = 5};

static struct report *reports;
static uint64_t started_us;

static uint64_t now_us(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
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

static uint64_t mix(uint64_t x) /* splitmix64's finish */
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

/* Writes what the page must hold. Every byte follows from the three numbers. */
static void page_make(struct page *page, uint32_t process, uint32_t index, uint32_t generation)
{
	uint64_t x = mix(((uint64_t)process << 52) ^ ((uint64_t)generation << 32) ^ index), hash = 0;

	for (size_t i = 0; i < sizeof page->filler / sizeof *page->filler; i++) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17; /* xorshift64 */
		page->filler[i] = x;
		hash = (hash ^ x) * UINT64_C(0x100000001b3);
	}
	page->magic = MAGIC;
	page->process = process;
	page->index = index;
	page->generation = generation;
	page->unused = 0;
	page->hash = hash;
}

/* Says in words how a page that is not the expected one is wrong. */
static void page_explain(const struct page *got, const struct page *want)
{
	uint64_t hash = 0;
	size_t zeros = 0, same = 0;
	const uint64_t *a = (const uint64_t *)got, *b = (const uint64_t *)want;

	for (size_t i = 0; i < PAGE / 8; i++)
		zeros += a[i] == 0, same += a[i] == b[i];
	for (size_t i = 0; i < sizeof got->filler / sizeof *got->filler; i++)
		hash = (hash ^ got->filler[i]) * UINT64_C(0x100000001b3);
	const char *kind = zeros == PAGE / 8      ? "all zeros"
					   : got->magic != MAGIC  ? "not one of our pages"
					   : hash != got->hash    ? "torn or altered"
					   : got->index != want->index || got->process != want->process ? "another page, whole"
											  : "another generation, whole";
	say("swapcheck: wrong page: process %u page %u generation %u: %s "
		"(process %u page %u generation %u, %zu of 512 words right)",
		want->process, want->index, want->generation, kind, got->process, got->index, got->generation, same);
}

/* A permutation of [0, n) that needs no memory: a Feistel network, walked until it lands inside. */
static uint32_t scatter(uint32_t i, uint32_t n, uint64_t key)
{
	unsigned half = 1;
	while ((UINT64_C(1) << (2 * half)) < n)
		half++;
	uint32_t mask = (uint32_t)((UINT64_C(1) << half) - 1);
	do {
		uint32_t l = i >> half, r = i & mask;
		for (uint64_t round = 0; round < 4; round++) {
			uint32_t t = l ^ ((uint32_t)mix(key + round * UINT64_C(0x9e3779b97f4a7c15) + r) & mask);
			l = r, r = t;
		}
		i = (l << half) | r;
	} while (i >= n);
	return i;
}

/* One worker's share: pages in memory, or in a file through one page of memory. */
struct share {
	uint32_t process, pages;
	struct page *base;
	int fd;
};

static struct page *share_get(struct share *s, uint32_t index)
{
	static struct page buffer;
	if (s->fd < 0)
		return s->base + index;
	ssize_t n = pread(s->fd, &buffer, PAGE, (off_t)index * PAGE);
	if (n < 0) {
		say("swapcheck: process %u: cannot read page %u: %s", s->process, index, strerror(errno));
		_exit(EXIT_DIED);
	}
	if (n < PAGE)
		memset((char *)&buffer + n, 0, (size_t)(PAGE - n));
	return &buffer;
}

static void share_put(struct share *s, uint32_t index, const struct page *page)
{
	if (s->fd < 0)
		memcpy(s->base + index, page, PAGE);
	else if (pwrite(s->fd, page, PAGE, (off_t)index * PAGE) != PAGE) {
		say("swapcheck: process %u: cannot write page %u: %s", s->process, index, strerror(errno));
		_exit(EXIT_DIED);
	}
}

/* One page of one pass: prove it (if it was ever written), then write the next generation. */
static void share_step(struct share *s, struct report *r, uint32_t index, uint32_t generation, bool rewrite)
{
	static struct page want;

	if (generation) {
		struct page *got = share_get(s, index);
		page_make(&want, s->process, index, generation);
		if (memcmp(got, &want, PAGE)) {
			if (r->wrong++ < 3)
				page_explain(got, &want);
		}
		r->checked++;
	}
	if (rewrite) {
		page_make(&want, s->process, index, generation + 1);
		if (opt.plant && index == 7)
			want.filler[100] ^= 1;
		share_put(s, index, &want);
	}
}

static void share_pass(struct share *s, struct report *r, char pass, uint32_t generation)
{
	uint64_t before = now_us(), key = mix(generation + 1);

	for (uint32_t i = 0; i < s->pages; i++) {
		uint32_t index = pass == 'f' || pass == 'F'   ? i
						 : pass == 'b' || pass == 'B' ? s->pages - 1 - i
													  : scatter(i, s->pages, key);
		share_step(s, r, index, generation, pass >= 'a');
		uint64_t after = now_us();
		if (after - before > r->stall_us)
			r->stall_us = after - before;
		before = after;
		r->steps++;
	}
}

/* Waits for the scenario to have done what it wants done behind our back. */
static void gate_wait(struct report *r)
{
	r->at_gate = true;
	while (access(opt.gate, F_OK) < 0) {
		nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
		r->steps++;
	}
}

static void share_open(struct share *s)
{
	size_t bytes = (size_t)s->pages * PAGE;
	char path[PATH_MAX];

	s->fd = -1;
	if (opt.files) {
		snprintf(path, sizeof path, "%s/%u", opt.files, s->process);
		s->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	} else
		s->base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (opt.files ? s->fd < 0 : s->base == MAP_FAILED) {
		say("swapcheck: cannot get %zu bytes%s%s: %s", bytes, opt.files ? " in " : "", opt.files ? path : "",
			strerror(errno));
		_exit(EXIT_DIED);
	}
}

static void worker(uint32_t process)
{
	struct share s = {.process = process, .pages = (uint32_t)(opt.size_bytes / PAGE / opt.processes)};
	struct report *r = &reports[process];
	uint32_t generation = 0;

	share_open(&s);
	for (unsigned round = 0; round < opt.rounds; round++) {
		for (const char *p = opt.passes; *p; p++) {
			if (*p == '.') {
				gate_wait(r);
				continue;
			}
			share_pass(&s, r, *p, generation);
			generation += *p >= 'a';
		}
		if (opt.seconds && now_us() - started_us > opt.seconds * UINT64_C(1000000))
			break;
	}
	_exit(r->wrong ? EXIT_WRONG : 0);
}

/* The watcher's view of the workers. */
static struct watch {
	pid_t pid[MAX_PROCESSES];
	uint64_t steps[MAX_PROCESSES], moved_us[MAX_PROCESSES]; /* last seen, and when */
	uint64_t checked, wrong, stall_us, silence_us, any_moved_us;
	unsigned running, at_gate;
	int worst_exit;
} w;

static void watch_worker(unsigned i, uint64_t now)
{
	struct report *r = &reports[i];
	uint64_t steps = r->steps, stall = r->stall_us;

	w.checked += r->checked;
	w.wrong += r->wrong;
	w.at_gate += r->at_gate;
	if (w.pid[i]) {
		if (steps != w.steps[i]) {
			w.steps[i] = steps;
			w.moved_us[i] = w.any_moved_us = now;
		} else if (now - w.moved_us[i] > stall)
			stall = now - w.moved_us[i];
	}
	if (stall > w.stall_us)
		w.stall_us = stall;
}

static void watch_look(void)
{
	uint64_t now = now_us(), before = w.any_moved_us;
	bool all_were = w.at_gate == opt.processes;

	w.checked = w.wrong = w.at_gate = 0;
	for (unsigned i = 0; i < opt.processes; i++)
		watch_worker(i, now);
	if (w.running && now - before > w.silence_us)
		w.silence_us = now - before;
	if (w.at_gate == opt.processes && !all_were)
		say("swapcheck: at the gate");
}

static void watch_reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		unsigned i = 0;
		while (i < opt.processes && w.pid[i] != pid)
			i++;
		if (i == opt.processes)
			continue;
		w.pid[i] = 0;
		w.running--;
		int code = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_DIED;
		if (WIFSIGNALED(status))
			say("swapcheck: process %u was killed by signal %d", i, WTERMSIG(status));
		if (code > w.worst_exit)
			w.worst_exit = code;
	}
}

static void watch_report(const char *what)
{
	say("swapcheck: %s seconds=%.1f checked=%" PRIu64 " wrong=%" PRIu64 " stall_ms=%" PRIu64
		" silence_ms=%" PRIu64,
		what, (double)(now_us() - started_us) / 1e6, w.checked, w.wrong, w.stall_us / 1000, w.silence_us / 1000);
}

/* Nothing may be left to free memory for, so the kernel itself is asked to speak (and to reboot). */
static void watch_hang(int sysrq)
{
	watch_report("hang");
	for (const char *key = opt.sysrq; sysrq >= 0 && *key; key++)
		if (write(sysrq, key, 1) < 0)
			say("swapcheck: sysrq %c: %s", *key, strerror(errno));
	for (unsigned i = 0; i < opt.processes; i++)
		if (w.pid[i])
			kill(w.pid[i], SIGKILL);
	_exit(EXIT_HANG);
}

static int watch(void)
{
	int sysrq = opt.sysrq ? open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC) : -1;
	uint64_t said_us = started_us;

	if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
		say("swapcheck: the watcher is not locked in memory: %s", strerror(errno));
	while (w.running) {
		nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
		watch_look();
		watch_reap();
		if (now_us() - said_us > opt.progress_seconds * UINT64_C(1000000)) {
			said_us = now_us();
			watch_report("at");
		}
		if (opt.hang_seconds && w.stall_us > opt.hang_seconds * UINT64_C(1000000))
			watch_hang(sysrq);
	}
	watch_look();
	if (w.wrong)
		w.worst_exit = EXIT_WRONG; /* nothing is worse */
	watch_report(w.worst_exit == 0 ? "good" : w.wrong ? "WRONG" : "died");
	return w.worst_exit;
}

static void start_workers(void)
{
	started_us = w.any_moved_us = now_us();
	for (unsigned i = 0; i < opt.processes; i++) {
		w.moved_us[i] = started_us;
		w.pid[i] = fork();
		if (w.pid[i] == 0)
			worker(i);
		if (w.pid[i] < 0) {
			say("swapcheck: cannot start process %u: %s", i, strerror(errno));
			exit(EXIT_DIED);
		}
		w.running++;
	}
}

static const char help[] =
	"swapcheck [OPTION]...: fills memory, and looks whether it comes back right\n"
	"  --size BYTES[K|M|G]  working set of all processes together (64M)\n"
	"  --processes N        how many share it (4)\n"
	"  --passes LETTERS     one pass each: f forward, b backward, r random; check, then rewrite;\n"
	"                       F, B, R only check (fbrF); . wait at the gate\n"
	"  --gate FILE          which opens when FILE exists\n"
	"  --rounds N           all passes so often (1), but start no new round after\n"
	"  --time SECONDS\n"
	"  --files DIR          files in DIR instead of anonymous memory\n"
	"  --hang SECONDS       give up when a process makes no progress for so long\n"
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
		{"gate", 1, NULL, 'w'},
		{"hang", 1, NULL, 'h'},  {"on-hang", 1, NULL, 'k'},   {"progress", 1, NULL, 'g'},
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
		case 'w': opt.gate = optarg; break;
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
	return watch();
}
