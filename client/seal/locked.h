/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory for what must be there when memory is gone: pages of its own, touched, not
 * dumped, and locked if this process may lock. */
#ifndef FARPAGE_LOCKED_H
#define FARPAGE_LOCKED_H

#include <stddef.h>

/* Zeros. NULL with errno. Any thread. */
void *locked_open(size_t bytes);
/* NULL is fine. */
void locked_close(void *, size_t bytes);

#endif
