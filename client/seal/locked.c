/* SPDX-License-Identifier: BSD-2-Clause */
#include "locked.h"

#include <stdio.h>
#include <sys/mman.h>

void *locked_open(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	               MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	/* Without them it is less safe, and no less right. */
	madvise(p, bytes, MADV_DONTDUMP);
	mlock(p, bytes);
	return p;
}

bool locked_fits(uint64_t bytes, uint64_t *available)
{
	FILE *f = fopen("/proc/meminfo", "re");
	unsigned long long kib = 0;
	bool known = false;
	char line[128];

	while (f && !known && fgets(line, sizeof line, f))
		known = sscanf(line, "MemAvailable: %llu", &kib) == 1;
	if (f)
		fclose(f);
	*available = kib << 10;
	return !known || bytes <= *available;
}

void locked_close(void *p, size_t bytes)
{
	if (p)
		munmap(p, bytes);
}
