/* SPDX-License-Identifier: BSD-2-Clause */
/* What a handshake agreed on for the transmission phase. */
#ifndef FARPAGE_TERMS_H
#define FARPAGE_TERMS_H

#include <stdbool.h>
#include <stdint.h>

/* A metadata context is known on the wire by an id: its bit number, from 1. */
enum context {
	CONTEXT_ALLOCATION = 1 << 1, /* base:allocation */
	CONTEXT_VACATE = 1 << 2,     /* x-farpage:vacate */
};

#define VACATE_WANTED 1 /* x-farpage:vacate: the lender wants these pages back */

struct terms {
	uint64_t size;     /* bytes of the export */
	bool structured;   /* READ is answered in chunks */
	unsigned contexts; /* that BLOCK_STATUS answers */
};

#endif
