/* SPDX-License-Identifier: BSD-2-Clause */
#include "seal.h"

#include <string.h>

bool page_is_same(const uint8_t data[static PAGE_BYTES], uint64_t *pattern)
{
	memcpy(pattern, data, sizeof *pattern);
	return memcmp(data, data + sizeof *pattern, PAGE_BYTES - sizeof *pattern) == 0;
}

void page_fill(uint8_t data[static PAGE_BYTES], uint64_t pattern)
{
	for (size_t i = 0; i < PAGE_BYTES; i += sizeof pattern)
		memcpy(data + i, &pattern, sizeof pattern);
}
