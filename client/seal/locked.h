/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that must be there when the host has none left: whole pages, touched, excluded from
 * dumps, and locked if this process may lock. */
#ifndef FARPAGE_LOCKED_H
#define FARPAGE_LOCKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed. NULL with errno. Any thread. */
void *locked_open(size_t bytes);
/* Has this host so much memory now, without taking it from others? Also if that cannot be told. Then AVAILABLE
 * is what it has. */
bool locked_fits(uint64_t bytes, uint64_t *available);
/* NULL is allowed. */
void locked_close(void *, size_t bytes);

#endif
