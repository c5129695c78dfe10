/* SPDX-License-Identifier: BSD-2-Clause */
/* The borrower's file of pre-shared keys, which libnbd reads, and says little of. */
#ifndef FARPAGE_PSK_H
#define FARPAGE_PSK_H

#include "words.h"

/* Is there a key for USERNAME in PATH, as libnbd will want it? -1: WORDS say what is wrong. */
int psk_check(const char *path, const char *username, char words[static WORDS_MAX]);

#endif
