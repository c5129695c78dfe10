/* SPDX-License-Identifier: BSD-2-Clause */
/* Preloaded: a kernel that makes huge pages although it was asked not to. */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int madvise(void *address, size_t bytes, int advice)
{
	return advice == MADV_NOHUGEPAGE ? 0 : (int)syscall(SYS_madvise, address, bytes, advice);
}
