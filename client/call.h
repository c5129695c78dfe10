/* SPDX-License-Identifier: BSD-2-Clause */
/* An open device, and calls to it: cut into operations, pages sealed and opened
 * in the caller's thread. */
#ifndef FARPAGE_CALL_H
#define FARPAGE_CALL_H

#include "drive.h"
#include "farpage.h"
#include "watch.h"

struct farpage {
	struct drive drive;      /* first: call_check() is given it */
	struct watch watch;
	struct seal *seal;
	char instance[FARPAGE_INSTANCE_MAX];
	char claim[FARPAGE_INSTANCE_MAX]; /* the instance that lenders know: a secret */
	uint64_t pages;
};

/* The drive's check: seals what is put, opens what came to where its caller wants it. */
uint32_t call_check(struct drive *, struct op *);

#endif
