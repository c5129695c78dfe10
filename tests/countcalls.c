/* SPDX-License-Identifier: BSD-2-Clause */
/* Preloaded: counts a process' requests for memory, malloc and its like and new mappings, in the
 * file that COUNTCALLS names: for each thread that made any, two numbers of 8 bytes, its id and how
 * many. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The C library's own. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t n, size_t bytes);
void *__libc_realloc(void *p, size_t bytes);

#define THREADS 1024u /* what more there are, the last one's count has */

struct thread { _Atomic uint64_t id, calls; };

static struct thread nobody, *threads;
static _Atomic unsigned known;
/* Without a request for memory of its own. */
static _Thread_local struct thread *mine __attribute__((tls_model("initial-exec")));

static void __attribute__((constructor)) open_counts(void)
{
	const char *path = getenv("COUNTCALLS");
	int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	void *p;

	if (fd < 0 || ftruncate(fd, THREADS * sizeof *threads) < 0)
		return;
	p = (void *)syscall(SYS_mmap, NULL, THREADS * sizeof *threads, PROT_READ | PROT_WRITE, MAP_SHARED,
	                    fd, 0);
	if (p != MAP_FAILED)
		threads = p;
	close(fd);
}

static struct thread *who(void)
{
	unsigned n = threads ? atomic_fetch_add(&known, 1) : 0;

	if (!threads)
		return &nobody;
	mine = &threads[n < THREADS ? n : THREADS - 1];
	mine->id = (uint64_t)syscall(SYS_gettid);
	return mine;
}

static void count(void)
{
	atomic_fetch_add(&(mine ? mine : who())->calls, 1);
}

void *malloc(size_t bytes)
{
	count();
	return __libc_malloc(bytes);
}

void *calloc(size_t n, size_t bytes)
{
	count();
	return __libc_calloc(n, bytes);
}

void *realloc(void *p, size_t bytes)
{
	count();
	return __libc_realloc(p, bytes);
}

void *mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset)
{
	count();
	return (void *)syscall(SYS_mmap, address, bytes, protection, flags, fd, offset);
}
