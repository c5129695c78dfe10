/* SPDX-License-Identifier: BSD-2-Clause */
/* A lender's address, as the borrower is told it. No name is looked up. */
#include "../../client/link/address.c"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = text_of(data, len), *words = calloc(1, WORDS_MAX);
	struct address a;

	must(words);
	if (address_parse(&a, text, words) == 0) {
		must(a.endpoints <= ADDRESS_ENDPOINTS_MAX && !a.endpoints == !!*a.host);
		must(!*a.pool || address_pool_valid(a.pool));
	} else {
		must(*words && memchr(words, 0, WORDS_MAX));
	}
	free(words);
	free(text);
	return 0;
}
