/* SPDX-License-Identifier: BSD-2-Clause */
/* Sizes: what is parsed is written and parsed again to the same. */
#include "fuzz.h"
#include "size.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = text_of(data, len), again[32];
	uint64_t bytes, same;

	if (size_parse(text, &bytes) == 0) {
		must(bytes <= INT64_MAX);
		size_format(bytes, again);
		must(size_parse(again, &same) == 0 && same == bytes);
	}
	free(text);
	return 0;
}
