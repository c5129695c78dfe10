/* SPDX-License-Identifier: BSD-2-Clause */
/* The system calls of the kernel's asynchronous I/O; libaio would add nothing. A context
 * belongs to one process, and not to its children. -1 with errno. */
#ifndef FARPAGE_AIO_H
#define FARPAGE_AIO_H

#include <linux/aio_abi.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static inline int aio_setup(unsigned n, aio_context_t *context)
{
	return (int)syscall(SYS_io_setup, n, context);
}

static inline int aio_destroy(aio_context_t context)
{
	return (int)syscall(SYS_io_destroy, context);
}

static inline int aio_submit(aio_context_t context, long n, struct iocb **iocbs)
{
	return (int)syscall(SYS_io_submit, context, n, iocbs);
}

static inline int aio_events(aio_context_t context, long min, long max,
                             struct io_event *events, struct timespec *timeout)
{
	return (int)syscall(SYS_io_getevents, context, min, max, events, timeout);
}

#endif
