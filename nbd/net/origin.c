/* SPDX-License-Identifier: BSD-2-Clause */
#include "origin.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

struct origin origin_of(int family, const void *address)
{
	struct origin o = { .kind = family == AF_UNIX ? ORIGIN_UNIX : ORIGIN_UNKNOWN };

	if (family == AF_INET6 && IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)address)) {
		o.kind = ORIGIN_INET;
		memcpy(o.address, (const uint8_t *)address + 12, 4);
	} else if (family == AF_INET6) {
		o.kind = ORIGIN_INET6;
		memcpy(o.address, address, 16);
	} else if (family == AF_INET) {
		o.kind = ORIGIN_INET;
		memcpy(o.address, address, 4);
	}
	return o;
}
