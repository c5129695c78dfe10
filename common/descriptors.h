/* SPDX-License-Identifier: BSD-2-Clause */
/* How many descriptors this process may have. */
#ifndef FARPAGE_DESCRIPTORS_H
#define FARPAGE_DESCRIPTORS_H

#include "words.h"


/* Raise the limit as far as possible. */
void descriptors_raise(void);
/* Describe the errno ERROR; if descriptors ran out, also say how many there may be, and the
 * way out. Returns WORDS. */
const char *descriptors_words(int error, char words[static WORDS_MAX]);

#endif
