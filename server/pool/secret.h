/* SPDX-License-Identifier: BSD-2-Clause */
/* What nobody may guess. */
#ifndef FARPAGE_SECRET_H
#define FARPAGE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#define SECRET_ID_MAX 33

/* N bytes that nobody can foretell. */
void secret_random(void *p, size_t n);
/* 32 hexadecimal digits of them. */
void secret_id(char id[static SECRET_ID_MAX]);
/* Are they the same? It takes as long for any two, so that who tries does not learn
 * how far he came. */
bool secret_same(const void *a, const void *b, size_t n);

#endif
