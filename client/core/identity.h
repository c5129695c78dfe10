/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose memory a pool is, as its lender says: "INCARNATION SINCE LENDER". The first changes
 * when the memory was lost, the second alone when the pool was another's meanwhile. The third is
 * of the process that lends it; an older farpaged leaves it out. */
#ifndef FARPAGE_IDENTITY_H
#define FARPAGE_IDENTITY_H

#include <stdbool.h>
#include <string.h>

#define IDENTITY_MAX 144

/* Word N of IDENTITY, which ends at a space; "" when it has not so many. */
static inline const char *identity_word(const char *identity, unsigned n)
{
	while (n--) {
		identity += strcspn(identity, " ");
		identity += *identity == ' ';
	}
	return identity;
}

static inline bool identity_same_word(const char *a, const char *b, unsigned n)
{
	size_t len;

	a = identity_word(a, n);
	b = identity_word(b, n);
	len = strcspn(a, " ");
	return len == strcspn(b, " ") && memcmp(a, b, len) == 0;
}

/* The same memory, whoever had it meanwhile. "" is none. */
static inline bool identity_same_pool(const char *a, const char *b)
{
	return *a && identity_same_word(a, b, 0);
}

/* The same memory, and nobody else had it. */
static inline bool identity_same(const char *a, const char *b)
{
	return identity_same_pool(a, b) && identity_same_word(a, b, 1);
}

/* One process lends both. A lender that does not name its process shares it with none. */
static inline bool identity_same_lender(const char *a, const char *b)
{
	return strcspn(identity_word(a, 2), " ") && identity_same_word(a, b, 2);
}

#endif
