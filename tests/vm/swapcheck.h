/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of swapcheck share: see swapcheck.c. */
#ifndef FARPAGE_SWAPCHECK_H
#define FARPAGE_SWAPCHECK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

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
	atomic_bool all_may_start; /* in the first: the watcher is ready */
};

struct options {
	uint64_t size_bytes;
	unsigned processes, rounds, seconds, hang_seconds, silence_seconds, progress_seconds;
	unsigned sample; /* R visits one page of so many */
	unsigned signals; /* a second, to each process */
	const char *passes, *files, *sysrq, *gate;
	bool plant;
};
extern struct options opt;
extern struct report *reports; /* one a process */
extern uint64_t started_us;

uint64_t now_us(void);
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

/* swappage.c: what a page must hold, and in which order pages are visited. */
uint64_t mix(uint64_t x);
void page_make(struct page *page, uint32_t process, uint32_t index, uint32_t generation);
void page_explain(const struct page *got, const struct page *want);
uint32_t scatter(uint32_t i, uint32_t n, uint64_t key);

/* swapwork.c: one process. */
_Noreturn void worker(uint32_t process);

/* swapwatch.c: looks after all of them. */
void watch_start(unsigned process, pid_t pid);
int watch(void);

#endif
