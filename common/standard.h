/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptors 0, 1 and 2. If our parent closed them, the next file or socket would get such a
 * number: then a pool's memory would be standard error, and a line of the log would overwrite a
 * page. */
#ifndef FARPAGE_STANDARD_H
#define FARPAGE_STANDARD_H

/* Open those that are closed on /dev/null, for good. Call it before anything is opened; in a
 * library call it again, because the program may have closed them since. -1 with errno: one is
 * still closed. Any thread. */
int standard_fill(void);

#endif
