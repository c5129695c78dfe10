/* SPDX-License-Identifier: BSD-2-Clause */
/* From an address to a socket in NBD's transmission phase. */
#ifndef FARPAGE_BENCH_DIAL_H
#define FARPAGE_BENCH_DIAL_H

#include <stddef.h>
#include <stdint.h>

struct dial_export {
	uint64_t size_bytes;
	uint16_t flags;
};

/* `address` is HOST:PORT, [ADDR6]:PORT or unix:PATH. Returns a blocking socket, which
 * the caller closes, or -1 with the reason in words in `why`. */
int dial(const char *address, const char *name, struct dial_export *export, char *why, size_t why_size);

#endif
