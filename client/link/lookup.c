/* SPDX-License-Identifier: BSD-2-Clause */
#include "lookup.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "clock.h"

#define STACK_BYTES (256u << 10) /* of a process that locks all it has */

struct lookup {
	pthread_mutex_t lock;  /* all below */
	pthread_cond_t ended_now;
	bool ended;
	unsigned holders;      /* the thread, and who waits */
	struct address address;
};

/* With the lock, which is gone then. */
static void let_go(struct lookup *l)
{
	bool last = --l->holders == 0;

	pthread_mutex_unlock(&l->lock);
	if (!last)
		return;
	pthread_cond_destroy(&l->ended_now);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

static void *run(void *lookup)
{
	struct lookup *l = lookup;
	struct address address = l->address; /* nobody writes to it meanwhile */

	pthread_setname_np(pthread_self(), "farpage-name");
	address_look_up(&address);
	pthread_mutex_lock(&l->lock);
	l->address = address;
	l->ended = true;
	pthread_cond_signal(&l->ended_now);
	let_go(l);
	return NULL;
}

static int start(struct lookup *l)
{
	pthread_attr_t attr;
	pthread_t thread;
	int e;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	e = pthread_create(&thread, &attr, run, l);
	pthread_attr_destroy(&attr);
	return e;
}

struct lookup *lookup_begin(const struct address *address)
{
	struct lookup *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->address = *address;
	l->holders = 2;
	pthread_mutex_init(&l->lock, NULL);
	clock_cond_init(&l->ended_now);
	errno = start(l);
	if (!errno)
		return l;
	l->holders = 1;
	lookup_drop(l);
	return NULL;
}

bool lookup_end(struct lookup *l, int64_t end, struct address *address)
{
	const struct timespec at = clock_timespec(end);
	int e = 0;

	pthread_mutex_lock(&l->lock);
	while (!l->ended && !e)
		e = pthread_cond_timedwait(&l->ended_now, &l->lock, &at);
	if (!l->ended) {
		pthread_mutex_unlock(&l->lock);
		return false;
	}
	*address = l->address;
	let_go(l);
	return true;
}

void lookup_drop(struct lookup *l)
{
	if (!l)
		return;
	pthread_mutex_lock(&l->lock);
	let_go(l);
}
