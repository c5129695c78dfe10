/* SPDX-License-Identifier: BSD-2-Clause */
#include "prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "warn.h"

#define STACK_BYTES (256u << 10) /* nbdkit's and our calls need under 100 KiB */
/* Segments larger than this are data that nobody touches: nbdkit's table of
 * 192 MiB, and 30 MiB of Unicode tables that come with libxml2. */
#define SEGMENT_MAX (4u << 20)
#define REALTIME_PRIORITY 10

void prepare_load(void)
{
	pthread_attr_t attr;

	signal(SIGXFSZ, SIG_IGN); /* a log or a spill that is too long for a file is an error there */
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TRIM_THRESHOLD, -1);
	mallopt(M_TOP_PAD, 1 << 20);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	if (pthread_setattr_default_np(&attr) != 0)
		warn("cannot make thread stacks small: they take more locked memory");
	pthread_attr_destroy(&attr);
}

/* Read back: a kernel that lacks it, or a sandbox, may have said yes. */
static void become_io_flusher(void)
{
	if (prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0) < 0 ||
	    prctl(PR_GET_IO_FLUSHER, 0, 0, 0, 0) != 1)
		warn("cannot become an I/O flusher (%s): under memory pressure the kernel may wait "
		     "for this process while it waits for the kernel; give it CAP_SYS_RESOURCE",
		     strerrordesc_np(errno));
}

static void become_realtime(void)
{
	struct sched_param param = { .sched_priority = REALTIME_PRIORITY };

	if (sched_setscheduler(0, SCHED_RR, &param) < 0)
		warn("cannot get the real-time class (%s): give it CAP_SYS_NICE or "
		     "LimitRTPRIO=%d", strerrordesc_np(errno), REALTIME_PRIORITY);
}

/* Of all processes it would be the largest, and every program with pages out would end with it. */
static void escape_oom_killer(void)
{
	static const char least[] = "-1000";
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, least, sizeof least - 1) < 0)
		warn("the OOM killer may end this process (%s), and with it programs whose pages are out; "
		     "give it CAP_SYS_RESOURCE", strerrordesc_np(errno));
	if (fd >= 0)
		close(fd);
}

void prepare_privileged(bool realtime, bool keeps_pages)
{
	become_io_flusher();
	if (!keeps_pages)
		escape_oom_killer();
	if (realtime)
		become_realtime();
}

void prepare_secret(void)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		warn("cannot forbid core dumps of this process (%s): they would contain pages and "
		     "their key",
		     strerrordesc_np(errno));
}

struct locking {
	const char *const *libraries;
	int failed; /* an errno */
};

/* The program itself has no name. */
static bool is_on_the_way(const char *path, const char *const *libraries)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	if (!libraries || !*name)
		return true;
	for (; *libraries; libraries++)
		if (strncmp(name, *libraries, strlen(*libraries)) == 0)
			return true;
	return false;
}

static int lock_segments(struct dl_phdr_info *info, size_t size, void *locking)
{
	struct locking *l = locking;

	(void)size;
	for (unsigned i = 0; i < info->dlpi_phnum && is_on_the_way(info->dlpi_name, l->libraries); i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_LOAD && p->p_memsz <= SEGMENT_MAX &&
		    mlock((void *)(info->dlpi_addr + p->p_vaddr), p->p_memsz) < 0)
			l->failed = errno;
	}
	return 0;
}

static void grow_heap(size_t bytes)
{
	void *p = malloc(bytes);

	if (p)
		memset(p, 1, bytes);
	/* Not given back: M_TRIM_THRESHOLD. The compiler must not see through it. */
	__asm__ volatile("" : : "r"(p) : "memory");
	free(p);
}

/* In the page cache for good: on a tmpfs it would be swapped out, onto us. */
static int lock_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r = -1;
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0) {
		size_t bytes = (size_t)st.st_size;
		void *p = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);

		r = p == MAP_FAILED ? -1 : mlock(p, bytes);
	}
	close(fd);
	return r;
}

/* Everything that is touched is kept from now on; what a page passes through is
 * touched now; and what is mapped from here on is there at once. */
void prepare_memory(const struct prepare_needs *needs)
{
	struct locking l = { .libraries = needs->libraries };

	grow_heap(needs->heap);
	if (mlockall(MCL_CURRENT | MCL_ONFAULT) < 0)
		l.failed = errno;
	else
		dl_iterate_phdr(lock_segments, &l);
	if (!l.failed && mlockall(MCL_FUTURE) < 0)
		l.failed = errno;
	if (!l.failed && needs->file && lock_file(needs->file) < 0)
		l.failed = errno;
	if (l.failed) {
		munlockall();
		warn("cannot lock memory (%s): the kernel may swap this process out onto itself and "
		     "hang; give it CAP_IPC_LOCK or LimitMEMLOCK=infinity", strerrordesc_np(l.failed));
	}
}
