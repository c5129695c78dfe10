/* SPDX-License-Identifier: BSD-2-Clause */
/* What the service manager hears, if there is one, and libsystemd. */
#ifndef FARPAGE_NOTIFY_H
#define FARPAGE_NOTIFY_H

#include <stdint.h>

/* The device WHERE, of BYTES, is there. */
void notify_ready(const char *where, uint64_t bytes);
void notify_stopping(void);

#endif
