/* SPDX-License-Identifier: BSD-2-Clause */
#include "spill_hand.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define STACK_BYTES 65536
/* For what runs in the process: its stack is not one that a sanitizer knows, and is left as it
 * was when the process is killed. */
#define PLAIN __attribute__((no_sanitize_address))
#define AGAIN_MS    10  /* the kernel is short of something */
/* ThreadSanitizer takes it for a fork: there it is the thread only. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WITHOUT_PROCESS
#endif
#endif

/* What goes one way, from one thread to another; there is always room. */
struct ring {
	_Atomic unsigned in, out;
	struct io_event event[HAND_MAX]; /* OBJ, and RES if it could not be submitted */
};

struct spill_hand {
	int fd, event;
	/* In pages that a fork clears: all zeros, there is none in this process. */
	struct process {
		bool started;
		int fd, event;
		aio_context_t context;
		pthread_t thread;     /* stands still while what it made lives */
		pid_t parent;
		sem_t work;           /* for each in GIVEN, and to stop */
		_Atomic bool stop;
		_Atomic int refused;  /* why it could not be made, 0 */
		struct ring given, failed;
		_Alignas(64) char stack[STACK_BYTES];
	} *process;
};

PLAIN static void push(struct ring *r, struct io_event event)
{
	assert(r->in - r->out < HAND_MAX);
	r->event[r->in % HAND_MAX] = event;
	atomic_fetch_add(&r->in, 1);
}

PLAIN static bool pop(struct ring *r, struct io_event *event)
{
	if (r->in == r->out)
		return false;
	*event = r->event[r->out % HAND_MAX];
	atomic_fetch_add(&r->out, 1);
	return true;
}

PLAIN static void give_up(struct process *p, struct io_event event, int error)
{
	event.res = -error;
	push(&p->failed, event);
	eventfd_write(p->event, 1);
}

PLAIN static void submit_one(struct process *p, struct io_event event)
{
	struct iocb *iocb = (struct iocb *)(uintptr_t)event.obj;
	const struct timespec again = { .tv_nsec = AGAIN_MS * 1000000 };
	int taken;

	while ((taken = aio_submit(p->context, 1, &iocb)) < 0 && errno == EAGAIN && !p->stop)
		nanosleep(&again, NULL);
	if (taken != 1)
		give_up(p, event, taken < 0 ? errno : EIO);
}

/* Only what it needs stays open: lenders and the kernel are to see that we end. */
PLAIN static void close_others(unsigned a, unsigned b)
{
	unsigned low = a < b ? a : b, high = a < b ? b : a;

	if (low)
		close_range(0, low - 1, 0);
	if (high > low + 1)
		close_range(low + 1, high - 1, 0);
	close_range(high + 1, ~0u, 0);
}

PLAIN static void serve(struct process *p)
{
	struct io_event event;

	while (!p->stop) {
		while (sem_wait(&p->work) < 0)
			;
		if (!p->stop && pop(&p->given, &event))
			submit_one(p, event);
	}
}

PLAIN static int work(void *process)
{
	struct process *p = process;

	prctl(PR_SET_NAME, "farpage-spill");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close_others((unsigned)p->fd, (unsigned)p->event);
	if (getppid() == p->parent) /* or it has ended before we asked to be told */
		serve(p);
	_exit(0);
}

/* As vfork() does: the child has this thread's memory, and its errno, until it ends. No signal is
 * its business, and its end is nobody's. */
static void *keep(void *process)
{
	struct process *p = process;
	struct io_event event;
	sigset_t all;
	pid_t child;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
#ifdef WITHOUT_PROCESS
	serve(p);
	return NULL;
#endif
	child = clone(work, p->stack + STACK_BYTES, CLONE_VM | CLONE_VFORK, p);
	if (child >= 0) {
		waitpid(child, NULL, __WALL);
		return NULL;
	}
	p->refused = errno;
	while (pop(&p->given, &event))
		give_up(p, event, p->refused);
	return NULL;
}

struct spill_hand *hand_open(int fd, int event)
{
	struct spill_hand *h = calloc(1, sizeof *h);
	void *memory;

	if (!h)
		return NULL;
	memory = mmap(NULL, sizeof *h->process, PROT_READ | PROT_WRITE,
	              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		goto err;
	*h = (struct spill_hand){ .fd = fd, .event = event, .process = memory };
	if (madvise(memory, sizeof *h->process, MADV_WIPEONFORK) == 0 && hand_ready(h) == 0)
		return h;
	munmap(memory, sizeof *h->process);
err:
	free(h);
	return NULL;
}

int hand_ready(struct spill_hand *h)
{
	struct process *p = h->process;
	int e;

	if (p->started)
		return 0;
	if (!p->context && aio_setup(HAND_MAX, &p->context) < 0)
		return -1;
	p->fd = h->fd;
	p->event = h->event;
	p->parent = getpid();
	sem_init(&p->work, 0, 0);
	e = pthread_create(&p->thread, NULL, keep, p);
	p->started = !e;
	errno = e;
	return e ? -1 : 0;
}

void hand_give(struct spill_hand *h, struct iocb *iocb)
{
	struct process *p = h->process;
	struct io_event event = { .obj = (uintptr_t)iocb };

	if (p->refused) {
		give_up(p, event, p->refused);
		return;
	}
	push(&p->given, event);
	sem_post(&p->work);
}

unsigned hand_reap(struct spill_hand *h, struct io_event *event, int ms)
{
	struct timespec wait = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
	unsigned n = 0;
	int done;

	while (n < HAND_MAX && pop(&h->process->failed, &event[n]))
		n++;
	if (n || !h->process->context)
		return n;
	done = aio_events(h->process->context, ms ? 1 : 0, HAND_MAX, event, &wait);
	return done < 0 ? 0 : (unsigned)done;
}

void hand_close(struct spill_hand *h, bool idle)
{
	struct process *p = h->process;

	if (!idle)
		return;
	if (p->started) {
		p->stop = true;
		sem_post(&p->work);
		pthread_join(p->thread, NULL);
	}
	if (p->context)
		aio_destroy(p->context);
	munmap(p, sizeof *p);
	free(h);
}
