/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that must be there when the host has none left: whole pages, touched, excluded from
 * dumps, and locked if this process may lock. */
#ifndef FARPAGE_LOCKED_H
#define FARPAGE_LOCKED_H

#include <stddef.h>

/* Zeroed. NULL with errno. Any thread. */
void *locked_open(size_t bytes);
/* NULL is allowed. */
void locked_close(void *, size_t bytes);

#endif
