/* SPDX-License-Identifier: BSD-2-Clause */
/* How many descriptors this process may have. */
#ifndef FARPAGE_DESCRIPTORS_H
#define FARPAGE_DESCRIPTORS_H

#include "words.h"


/* As many as it can get. */
void descriptors_raise(void);
/* What the errno ERROR says, and if there are too few of them, how many there may be and the
 * way out. Returns WORDS. */
const char *descriptors_words(int error, char words[static WORDS_MAX]);

#endif
