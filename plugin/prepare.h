/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes this process fit to be swapped onto by the kernel it runs under: when
 * memory is gone, nothing that a page passes through may need more of it.
 * Each step that fails is told on stderr, with the way out; none is fatal. */
#ifndef FARPAGE_PREPARE_H
#define FARPAGE_PREPARE_H

#include <stdbool.h>

/* When the plugin is loaded: one heap that only grows, small thread stacks. */
void prepare_load(void);
/* Before privileges are dropped: reclaim must not wait for us. REALTIME: also
 * the scheduling class that may use the kernel's last reserve. */
void prepare_privileged(bool realtime);
/* In the process that serves, after privileges were dropped: what is here is the host's
 * memory, and the key to more of it. No dump of this process is made. */
void prepare_secret(void);
/* In the process that serves, after it forked: lock and touch what is needed, and
 * keep in memory what is read whenever the lender is connected anew: FILE, or NULL. */
void prepare_memory(const char *file);

#endif
