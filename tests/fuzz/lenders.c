/* SPDX-License-Identifier: BSD-2-Clause */
/* The borrower's file of lenders. */
#include "fuzz.h"
#include "lenders.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = text_of(data, len), *words = calloc(1, WORDS_MAX);
	struct lenders *l = calloc(1, sizeof *l);

	must(words && l);
	if (lenders_parse(l, text, words) == 0) {
		must(l->n >= 1 && l->n <= LENDERS_MAX);
		for (unsigned i = 0; i < l->n; i++)
			must(*l->lender[i].text && lenders_find(l, l->lender[i].text) == &l->lender[i]);
	} else {
		must(*words && memchr(words, 0, WORDS_MAX));
	}
	free(l);
	free(words);
	free(text);
	return 0;
}
