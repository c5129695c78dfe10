/* SPDX-License-Identifier: BSD-2-Clause */
#include "swapcheck.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

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
	uint32_t n = pass == 'R' ? s->pages / opt.sample : s->pages;

	for (uint32_t i = 0; i < n; i++) {
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

static void on_alarm(int signal)
{
	(void)signal;
}

/* Signals that do nothing but come, also in the middle of a page fault. */
static void be_interrupted(unsigned times_a_second)
{
	struct timeval period = {.tv_usec = times_a_second > 1 ? 1000000 / times_a_second : 999999};
	struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &(struct itimerval){period, period}, NULL);
}

_Noreturn void worker(uint32_t process)
{
	struct share s = {.process = process, .pages = (uint32_t)(opt.size_bytes / PAGE / opt.processes)};
	struct report *r = &reports[process];
	uint32_t generation = 0;

	while (!reports->all_may_start)
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	share_open(&s);
	if (opt.signals)
		be_interrupted(opt.signals);
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
