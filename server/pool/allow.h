/* SPDX-License-Identifier: BSD-2-Clause */
/* From where a pool may be opened: networks, and this host's unix sockets. */
#ifndef FARPAGE_ALLOW_H
#define FARPAGE_ALLOW_H

#include <stdbool.h>
#include <stdint.h>

#define ALLOW_MAX 16 /* of a pool */

/* An IPv4 address is one also where it comes as ::ffff:A.B.C.D. */
enum origin_kind { ORIGIN_UNKNOWN, ORIGIN_UNIX, ORIGIN_INET, ORIGIN_INET6 };

struct origin {
	enum origin_kind kind;
	uint8_t address[16]; /* 4 bytes of it, or all, or none */
};

struct allow {
	unsigned n;          /* 0: from everywhere */
	struct {
		struct origin from;
		unsigned bits;
	} net[ALLOW_MAX];
};

/* One more: "unix", an address, or a network, ADDRESS/BITS. NULL, or what would be right. */
const char *allow_add(struct allow *, const char *text);
bool allow_admits(const struct allow *, const struct origin *);

/* AF_INET, AF_INET6, AF_UNIX, with the bytes of an address. */
struct origin allow_origin(int family, const void *address);

#endif
