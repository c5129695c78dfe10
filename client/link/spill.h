/* SPDX-License-Identifier: BSD-2-Clause */
/* The file or block device that pages are spilled to. Its first page is a label, which
 * identifies it; the pages of the spill are behind that. */
#ifndef FARPAGE_SPILL_H
#define FARPAGE_SPILL_H

#include <stdint.h>

#include "words.h"

#define SPILL_LABEL_PAGES 1

/* Opens PATH for direct I/O, locked against any other use. It must be preallocated, and hold
 * nothing but what a spill left there. At most *PAGES of it are wanted (UINT64_MAX: all); sets
 * *PAGES to its room. -1 with WORDS. */
int spill_open(const char *path, uint64_t *pages, char words[static WORDS_MAX]);

#endif
