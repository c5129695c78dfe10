/* SPDX-License-Identifier: BSD-2-Clause */
/* A request: what it says, and whether it may be carried out. */
#ifndef FARPAGE_REQUEST_H
#define FARPAGE_REQUEST_H

#include "nbd.h"
#include "terms.h"

struct request {
	uint16_t flags;
	uint16_t type;
	uint64_t cookie;
	uint64_t offset;
	uint32_t length;
};

/* Parse a header. -1: it does not begin with the magic number. */
int request_parse(struct request *, const uint8_t in[static NBD_REQUEST_BYTES]);
/* May it be carried out on these terms? 0 or an NBD error. */
uint32_t request_check(const struct request *, const struct terms *, bool read_only);

#endif
