/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a pool may be opened from: networks, and this host's unix sockets. */
#ifndef FARPAGE_ALLOW_H
#define FARPAGE_ALLOW_H

#include <stdbool.h>

#include "origin.h"

#define ALLOW_MAX 16 /* of a pool */

struct allow {
	unsigned n;          /* 0: from anywhere */
	struct {
		struct origin from;
		unsigned bits;
	} net[ALLOW_MAX];
};

/* Add one: "unix", an address, or a network, ADDRESS/BITS. NULL, or what would be right. */
const char *allow_add(struct allow *, const char *text);
bool allow_admits(const struct allow *, const struct origin *);

#endif
