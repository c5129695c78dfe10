/* SPDX-License-Identifier: BSD-2-Clause */
/* Export names: NAME, NAME?claim=INSTANCE[&force], NAME@EPOCH.TICKET. An empty NAME
 * is the first pool. NAME@EPOCH parses, too, but no longer opens anything. */
#ifndef FARPAGE_EXPORT_H
#define FARPAGE_EXPORT_H

#include "pool.h"

enum export_how { EXPORT_PLAIN, EXPORT_EPOCH, EXPORT_TICKET, EXPORT_CLAIM };

struct export {
	enum export_how how;
	char name[POOL_NAME_MAX + 1];
	uint64_t epoch;
	struct ticket ticket;
	char instance[POOL_INSTANCE_MAX + 1];
	bool force;
};

/* Parse LEN bytes from the wire, not terminated. -1: it is not such a name. */
int export_parse(struct export *, const char *text, size_t len);

#endif
