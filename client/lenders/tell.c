/* SPDX-License-Identifier: BSD-2-Clause */
#include "tell.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "farpage.h"
#include "words.h"

#define WORDS_WAIT 32 /* that wait to be told */

struct tell {
	void (*warn)(void *user, const char *words);
	void *user;
	pthread_mutex_t lock;    /* all below */
	pthread_cond_t changed;
	unsigned holders;        /* the thread, and who says */
	bool ending, ended;
	unsigned first, n;       /* words that wait */
	unsigned long lost;
	char words[WORDS_WAIT][WORDS_MAX];
};

/* With the lock, which is gone then. */
static void let_go(struct tell *t)
{
	bool last = --t->holders == 0;

	pthread_mutex_unlock(&t->lock);
	if (!last)
		return;
	pthread_cond_destroy(&t->changed);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* The next words, a copy; false: there are no more to come. Waits; under the lock. */
static bool next(struct tell *t, char words[static WORDS_MAX])
{
	while (!t->n && !t->ending)
		pthread_cond_wait(&t->changed, &t->lock);
	if (!t->n)
		return false;
	words_print(words, "%s", t->words[t->first]);
	t->first = (t->first + 1) % WORDS_WAIT;
	t->n--;
	return true;
}

static void *run(void *tell)
{
	char words[WORDS_MAX];
	struct tell *t = tell;

	pthread_setname_np(pthread_self(), "farpage-tell");
	pthread_mutex_lock(&t->lock);
	while (next(t, words)) {
		pthread_mutex_unlock(&t->lock);
		t->warn(t->user, words);
		pthread_mutex_lock(&t->lock);
	}
	t->ended = true;
	pthread_cond_signal(&t->changed);
	let_go(t);
	return NULL;
}

static int start(struct tell *t)
{
	pthread_attr_t attr;
	pthread_t thread;
	int e;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	e = pthread_create(&thread, &attr, run, t);
	pthread_attr_destroy(&attr);
	return e;
}

struct tell *tell_open(void (*warn)(void *user, const char *words), void *user)
{
	struct tell *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	t->warn = warn;
	t->user = user;
	t->holders = 2;
	pthread_mutex_init(&t->lock, NULL);
	clock_cond_init(&t->changed);
	errno = start(t);
	if (!errno)
		return t;
	t->holders = 1;
	pthread_mutex_lock(&t->lock);
	let_go(t);
	return NULL;
}

static void add(struct tell *t, const char *words)
{
	snprintf(t->words[(t->first + t->n++) % WORDS_WAIT], WORDS_MAX, "%s", words);
}

void tell_say(struct tell *t, const char *words)
{
	char gap[100];

	if (!t)
		return;
	pthread_mutex_lock(&t->lock);
	if (t->lost && t->n + 2 <= WORDS_WAIT) {
		snprintf(gap, sizeof gap, "warnings were not read in time: %lu warning%s "
		                          "lost", t->lost,
		         t->lost == 1 ? " is" : "s are");
		add(t, gap);
		t->lost = 0;
	}
	if (t->lost || t->n == WORDS_WAIT)
		t->lost++;
	else
		add(t, words);
	pthread_cond_signal(&t->changed);
	pthread_mutex_unlock(&t->lock);
}

void tell_close(struct tell *t, int64_t end)
{
	const struct timespec at = clock_timespec(end);
	int e = 0;

	if (!t)
		return;
	pthread_mutex_lock(&t->lock);
	t->ending = true;
	pthread_cond_signal(&t->changed);
	while (!t->ended && !e)
		e = pthread_cond_timedwait(&t->changed, &t->lock, &at);
	let_go(t);
}
