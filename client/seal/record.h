/* SPDX-License-Identifier: BSD-2-Clause */
/* What the borrower remembers of one page: 24 bytes. */
#ifndef FARPAGE_RECORD_H
#define FARPAGE_RECORD_H

#include <stdint.h>

#include "page.h"

#define TAG_BYTES    16
#define VERSION_BITS 48
#define VERSION_MAX ((UINT64_C(1) << VERSION_BITS) - 1)

/* An extent is the unit of placement: 1 MiB. */
#define EXTENT_PAGES UINT64_C(256)
/* The most pages of one operation; never across extents. */
#define RUN_PAGES    32u

/* The most copies that may be configured. An extent has places for as many again, for copies that
 * are made while the others are away, and a last place for the spill. */
#define COPIES_MAX   3u
#define COPY_SPILL   (2 * COPIES_MAX)
#define COPY_PLACES  (COPY_SPILL + 1)

enum page_state {
	PAGE_ABSENT = 0, /* never put, or flushed: reads as zeros */
	PAGE_SAME = 1,   /* one pattern of 8 bytes, repeated; kept in the tag */
	PAGE_SEALED = 2, /* in its copies */
	PAGE_LOST = 3,   /* was put, and its bytes are lost: EIO */
};

struct record {
	uint8_t tag[TAG_BYTES];
	uint64_t version : VERSION_BITS;
	uint64_t state : 2;
	uint64_t taken : 1;  /* an operation has the page */
	uint64_t copies : COPY_PLACES; /* the valid ones, a bit each */
};

#define COPIES_ALL ((1u << COPY_PLACES) - 1)

static inline void record_clear(struct record *r, unsigned copy)
{
	r->copies = r->copies & ~(1u << copy) & COPIES_ALL;
}

_Static_assert(sizeof(struct record) == 24, "a record is 24 bytes");

#endif
