/* SPDX-License-Identifier: BSD-2-Clause */
/* Turns bytes into whole pages. A page that is covered in part is fetched, changed and put
 * again, one such change at a time. 0, or -1 with errno. */
#ifndef FARPAGE_SPAN_H
#define FARPAGE_SPAN_H

#include <stdint.h>

struct farpage;

int span_get(struct farpage *, uint8_t *data, uint32_t count, uint64_t offset);
int span_put(struct farpage *, const uint8_t *data, uint32_t count, uint64_t offset);
/* These bytes read as zeros afterwards. */
int span_flush(struct farpage *, uint32_t count, uint64_t offset);

#endif
