/* SPDX-License-Identifier: BSD-2-Clause */
/* Sizes as people write them: 4096, 64K, 1.5G, 2T; units are powers of 1024. */
#ifndef FARPAGE_SIZE_H
#define FARPAGE_SIZE_H

#include <stdint.h>

/* In bytes. -1: not a size, or more than 2^63 - 1. */
int size_parse(const char *text, uint64_t *bytes);
/* The shortest exact way to write it, as "64M". */
void size_format(uint64_t bytes, char text[static 32]);

#endif
