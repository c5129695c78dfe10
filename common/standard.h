/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptors 0, 1 and 2. Whoever starts us may have closed them, and the next file or
 * socket would get such a number: then a pool's memory is standard error, and a line of
 * the log overwrites a page. */
#ifndef FARPAGE_STANDARD_H
#define FARPAGE_STANDARD_H

/* Those that are closed are /dev/null from now on, and stay so. Call it before anything is
 * opened, and again where the process is not ours and may have closed them since. -1 with
 * errno: one is still closed. Any thread. */
int standard_fill(void);

#endif
