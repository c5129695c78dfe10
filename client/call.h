/* SPDX-License-Identifier: BSD-2-Clause */
/* An open device, and calls to it: cut into operations, pages sealed and opened
 * in the caller's thread. */
#ifndef FARPAGE_CALL_H
#define FARPAGE_CALL_H

#include "engine.h"
#include "farpage.h"
#include "watch.h"

struct farpage {
	struct engine engine;      /* must be first: call_check() gets it */
	struct watch watch;
	struct seal *seal;
	char instance[FARPAGE_INSTANCE_MAX];
	char claim[FARPAGE_INSTANCE_MAX]; /* the instance that lenders know: a secret */
	uint64_t pages;
};

/* The engine's check: seals pages of a put, and opens those of a get into the caller's buffer. */
uint32_t call_check(struct engine *, struct op *);

#endif
