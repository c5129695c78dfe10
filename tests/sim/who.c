/* SPDX-License-Identifier: BSD-2-Clause */
/* What the borrower was told of whose memory each pool is, and what has to follow from it. */
#include "sim.h"

#include <string.h>

static char known[LENDERS_MAX][IDENTITY_MAX];

/* How long are the first N words? */
static size_t words(const char *identity, unsigned n)
{
	const char *end = identity;

	while (n--) {
		end += *end == ' ';
		end += strcspn(end, " ");
	}
	return (size_t)(end - identity);
}

static bool same_words(const char *a, const char *b, unsigned n)
{
	return words(a, n) == words(b, n) && memcmp(a, b, words(a, n)) == 0;
}

static bool same_pool(const char *a, const char *b)
{
	return same_words(a, b, 1);
}

static bool same_process(const char *a, const char *b)
{
	a += words(a, 2);
	b += words(b, 2);
	return who_apart() && *a && strcmp(a, b) == 0;
}

bool who_apart(void)
{
	return config.copies > 1 && !config.same_lender;
}

/* A pool is one link's, that of the first who came, and with copies so are all of a process. */
static bool another_has(unsigned link_no, const char *identity, bool (*same)(const char *, const char *))
{
	for (unsigned other = 0; other < config.lenders; other++)
		if (other != link_no && !lender[other].gone && !lender[other].left &&
		    same(known[other], identity))
			return true;
	return false;
}

/* "INCARNATION SINCE PROCESS": when only SINCE changes, another had the pool. */
void who_heard(unsigned link_no, const char *identity)
{
	if (*known[link_no] && same_pool(known[link_no], identity) && !same_words(known[link_no], identity, 2))
		lender[link_no].gone = true;
	strcpy(known[link_no], identity);
}

bool who_twin(unsigned link_no, const char *identity) { return another_has(link_no, identity, same_pool); }
bool who_sibling(unsigned link_no, const char *identity) { return another_has(link_no, identity, same_process); }
void who_forget(unsigned link_no) { *known[link_no] = '\0'; }

void who_reset(void)
{
	memset(known, 0, sizeof known);
}
