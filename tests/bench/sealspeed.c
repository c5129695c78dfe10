/* SPDX-License-Identifier: BSD-2-Clause */
/* sealspeed: what sealing costs a page, in runs of the size that puts and gets have. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "seal.h"

#define PAGES  RUN_PAGES
#define ROUNDS 2000u

static uint8_t data[PAGES][PAGE_BYTES], out[PAGES][PAGE_BYTES];
static struct record record[PAGES];

/* Of this thread: others on the core do not count. */
static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void measure(const char *name)
{
	struct seal *seal = seal_open((enum seal_kind)seal_kind_parse(name));
	struct sealer *sealer = seal ? sealer_open(seal) : NULL;
	double sealing = 0, opening = 0;

	for (unsigned round = 0; sealer && round < ROUNDS; round++) {
		double start = now_us(), middle;

		for (unsigned i = 0; i < PAGES; i++) {
			record[i].version = seal_version(seal) & VERSION_MAX;
			if (sealer_seal(sealer, i, &record[i], data[i], out[i]) < 0)
				abort();
		}
		middle = now_us();
		for (unsigned i = 0; i < PAGES; i++)
			if (sealer_open_page(sealer, i, &record[i], out[i], data[i]) < 0)
				abort();
		opening += now_us() - middle;
		sealing += middle - start;
	}
	if (sealer)
		printf("%-8s %8.2f %8.2f\n", name, sealing / ROUNDS / PAGES, opening / ROUNDS / PAGES);
	sealer_close(sealer);
	seal_close(seal);
}

int main(void)
{
	static const char *const names[] = { "on", "check", "off" };

	puts("us/page      seal     open");
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (seal_kind_parse(names[i]) >= 0)
			measure(names[i]);
	return 0;
}
