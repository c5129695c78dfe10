/* SPDX-License-Identifier: BSD-2-Clause */
/* Secrets that nobody can guess. */
#ifndef FARPAGE_SECRET_H
#define FARPAGE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#define SECRET_ID_MAX 33

/* N random bytes. */
void secret_random(void *p, size_t n);
/* 32 random hexadecimal digits. */
void secret_id(char id[static SECRET_ID_MAX]);
/* Are they the same? Takes the same time for any two, so that an attacker does not learn how
 * much of a guess was right. */
bool secret_same(const void *a, const void *b, size_t n);

#endif
