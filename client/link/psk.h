/* SPDX-License-Identifier: BSD-2-Clause */
/* The borrower's file of pre-shared keys. libnbd reads it, but says little about errors in it. */
#ifndef FARPAGE_PSK_H
#define FARPAGE_PSK_H

#include "words.h"

/* Does PATH have a key for USERNAME, in the form that libnbd wants? -1 with WORDS. */
int psk_check(const char *path, const char *username, char words[static WORDS_MAX]);

#endif
