/* SPDX-License-Identifier: BSD-2-Clause */
/* A lender's address, as the borrower is told it. No name is looked up. */
#include <netdb.h>

static int by_number(const char *host, const char *port, struct addrinfo *hints,
                     struct addrinfo **list)
{
	hints->ai_flags |= AI_NUMERICHOST | AI_NUMERICSERV;
	return getaddrinfo(host, port, hints, list);
}
#define getaddrinfo by_number
#include "../../client/address.c"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = text_of(data, len), *words = calloc(1, 512);
	struct address a;

	must(words);
	if (address_parse(&a, text, words, 512) == 0) {
		must(a.endpoints >= 1 && a.endpoints <= ADDRESS_ENDPOINTS_MAX);
		must(!*a.pool || address_pool_valid(a.pool));
	} else {
		must(*words && memchr(words, 0, 512));
	}
	free(words);
	free(text);
	return 0;
}
