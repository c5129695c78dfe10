/* SPDX-License-Identifier: BSD-2-Clause */
#include "locked.h"

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

void locked_close(void *p, size_t bytes)
{
	if (p)
		munmap(p, bytes);
}
