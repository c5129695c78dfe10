/* SPDX-License-Identifier: BSD-2-Clause */
/* The lenders that are wanted: the lines of a file, "ADDRESS" or "ADDRESS drain",
 * and comments that begin with #. */
#ifndef FARPAGE_LENDERS_H
#define FARPAGE_LENDERS_H

#include <stdbool.h>
#include <stddef.h>

#include "address.h"
#include "words.h"

#define LENDERS_MAX       16u
#define LENDER_TEXT_MAX   256u
#define LENDERS_FILE_MAX  16384u

struct lenders {
	unsigned n;
	struct lender {
		char text[LENDER_TEXT_MAX]; /* its address, as it is written */
		bool drain;
	} lender[LENDERS_MAX];
};

/* -1: WORDS say what is wrong, and in which line. A file without any lender is wrong, because
 * it may be one that is just being written. */
int lenders_parse(struct lenders *, const char *file, char words[static WORDS_MAX]);
int lenders_read(struct lenders *, const char *path, char words[static WORDS_MAX]);
const struct lender *lenders_find(const struct lenders *, const char *text);

/* Parse its address, and set ADDRESS->pool to POOL, or if that is NULL to what the address names.
 * Looks no name up. -1: WORDS. */
int lender_parse(const char *text, const char *pool, struct address *,
                 char words[static WORDS_MAX]);

#endif
