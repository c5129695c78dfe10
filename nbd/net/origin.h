/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a connection comes from. */
#ifndef FARPAGE_ORIGIN_H
#define FARPAGE_ORIGIN_H

#include <stdint.h>

/* An IPv4 address counts as one even if it comes as ::ffff:A.B.C.D. */
enum origin_kind { ORIGIN_UNKNOWN, ORIGIN_UNIX, ORIGIN_INET, ORIGIN_INET6 };

struct origin {
	enum origin_kind kind;
	uint8_t address[16]; /* 4 bytes for IPv4, all for IPv6, none for a unix socket */
};

/* AF_INET, AF_INET6, AF_UNIX, with the bytes of an address. */
struct origin origin_of(int family, const void *address);

#endif
