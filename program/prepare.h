/* SPDX-License-Identifier: BSD-2-Clause */
/* Prepares this process for being swapped onto by the kernel it runs under: when
 * memory is gone, nothing that a page passes through may need more of it. A step
 * that fails gives a warning with the way out; none is fatal. */
#ifndef FARPAGE_PREPARE_H
#define FARPAGE_PREPARE_H

#include <stdbool.h>
#include <stddef.h>

/* Before anything else: one heap that only grows, small thread stacks. */
void prepare_load(void);
/* Before privileges are dropped: reclaim must not wait for us. REALTIME: also
 * the scheduling class that may use the kernel's last reserve. Unless this process KEEPS_PAGES itself,
 * the OOM killer must not end it. */
void prepare_privileged(bool realtime, bool keeps_pages);
/* In the process that serves, after privileges were dropped: forbid core dumps, because this
 * process holds pages of the host, and the key to more of them. */
void prepare_secret(void);

struct prepare_needs {
	size_t heap;                  /* bytes that it may grow to */
	/* The libraries that a page passes through, by the beginnings of their names; up to NULL.
	 * Others are locked as far as they were used. NULL: all are on its way. */
	const char *const *libraries;
	const char *file;             /* read whenever a lender is connected again; or NULL */
};

/* In the process that serves, after it forked: lock and touch what is needed. */
void prepare_memory(const struct prepare_needs *);

#endif
