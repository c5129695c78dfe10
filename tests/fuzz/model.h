/* SPDX-License-Identifier: BSD-2-Clause */
/* What a pool of 64 pages must hold, and what a client must be answered: NBD's
 * rules in plain words, written without a look at the code that they judge. */
#ifndef FARPAGE_FUZZ_MODEL_H
#define FARPAGE_FUZZ_MODEL_H

#include "fuzz.h"

#define MODEL_PAGES 64u
#define MODEL_PAGE  4096u
#define MODEL_BYTES (MODEL_PAGES * MODEL_PAGE)

enum { READ, WRITE, DISC, FLUSH, TRIM, CACHE, ZEROES, STATUS };
enum { FUA = 1, NO_HOLE = 2, DF = 4, REQ_ONE = 8, FAST_ZERO = 16 };

struct ask {
	uint16_t flags, type;
	uint64_t cookie, offset;
	uint32_t length;
};

/* An answer that is owed, and the pages that were there when it was asked for. */
struct owed {
	struct ask ask;
	uint32_t error;
	uint64_t present;
};

struct model {
	uint8_t byte[MODEL_BYTES];
	uint64_t present;     /* a bit a page */
	unsigned lent;        /* pages that may be there */
	bool structured, contexts, read_only;
	struct owed *owed;    /* oldest first */
	size_t owed_first, owed_len, owed_size;
	size_t heard;         /* bytes that came and are not a whole message yet */
	bool begun;           /* of the oldest owed, a READ's: something was heard */
	uint64_t at, to;      /* its next byte; the end of data that come next */
	bool last;            /* they are the last of it */
};

/* 0, or the NBD error that an ask must be answered with. */
uint32_t model_judge(const struct model *, const struct ask *);
/* An ask was taken in; ERROR is its answer. */
void model_owe(struct model *, const struct ask *, uint32_t error);
/* The error of the answer that was owed last changes. */
void model_fail(struct model *, uint32_t error);
/* LEN bytes at OFFSET are put, or, if DATA is NULL, zeros that are to be there; 0, or ENOSPC
 * if a page did not fit. */
uint32_t model_put(struct model *, uint64_t offset, size_t len, const uint8_t *data);
/* A put is over: pages that are zeros are gone. */
void model_settle(struct model *, uint64_t offset, uint64_t end);
/* The same of zeros: pages that need not be there are gone. */
void model_erase(struct model *, uint64_t offset, uint64_t end);
/* LEN bytes came from the server, which sent them just now. */
void model_hear(struct model *, const uint8_t *data, size_t len);
void model_free(struct model *);

#endif
