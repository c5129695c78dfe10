/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a connection comes from. */
#ifndef FARPAGE_ORIGIN_H
#define FARPAGE_ORIGIN_H

#include <stdint.h>

/* An IPv4 address is one also where it comes as ::ffff:A.B.C.D. */
enum origin_kind { ORIGIN_UNKNOWN, ORIGIN_UNIX, ORIGIN_INET, ORIGIN_INET6 };

struct origin {
	enum origin_kind kind;
	uint8_t address[16]; /* 4 bytes of it, or all, or none */
};

/* AF_INET, AF_INET6, AF_UNIX, with the bytes of an address. */
struct origin origin_of(int family, const void *address);

#endif
