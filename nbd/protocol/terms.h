/* SPDX-License-Identifier: BSD-2-Clause */
/* What a handshake agreed on for the transmission phase. */
#ifndef FARPAGE_TERMS_H
#define FARPAGE_TERMS_H

#include <stdbool.h>
#include <stdint.h>

#define TERMS_REQUEST_BYTES (32u << 20) /* the largest request that is advertised, and served */

/* Metadata contexts that there are. */
enum context {
	CONTEXT_ALLOCATION = 1 << 1,
	CONTEXT_VACATE = 1 << 2,
};
#define CONTEXT_ALLOCATION_NAME "base:allocation"
#define CONTEXT_VACATE_NAME     "x-farpage:vacate"

#define VACATE_WANTED 1 /* in CONTEXT_VACATE: the lender wants these pages back */

/* By which it is known on the wire. */
static inline uint32_t context_id(enum context context)
{
	return (uint32_t)__builtin_ctz(context);
}

struct terms {
	uint64_t size;     /* bytes of the export */
	bool structured;   /* READ is answered in chunks */
	unsigned contexts; /* that BLOCK_STATUS answers */
};

#endif
