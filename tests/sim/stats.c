/* SPDX-License-Identifier: BSD-2-Clause */
#include "stats.h"

#include <inttypes.h>
#include <stdio.h>

struct stats stats;

#define STATS_ROW(name, words, modes) { words, modes },
static const struct {
	const char *words;
	unsigned modes;
} row[STATS] = { FAULTS(STATS_ROW) PATHS(STATS_ROW) };

const char *fault_words(enum fault f)
{
	return row[f].words;
}

void stats_add(struct stats *sum, const struct stats *s)
{
	sum->seeds += s->seeds;
	sum->operations += s->operations;
	for (unsigned i = 0; i < STATS; i++)
		sum->count[i] += s->count[i];
	if (s->longest > sum->longest)
		sum->longest = s->longest;
}

void stats_print(const struct stats *s)
{
	for (unsigned i = 0; i < STATS; i++)
		printf("%12" PRIu64 "  %s\n", s->count[i], row[i].words);
	printf("%12" PRId64 "  ms that a caller waited at most\n", s->longest);
	printf("%12" PRIu64 "  operations\n", s->operations);
}

unsigned stats_missing(const struct stats *s, unsigned modes)
{
	unsigned n = 0;

	for (unsigned i = 0; i < STATS; i++)
		if (row[i].modes & modes && !s->count[i]) {
			printf("never happened: %s\n", row[i].words);
			n++;
		}
	return n;
}
