/* SPDX-License-Identifier: BSD-2-Clause */
#include "owner.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ownership.h"
#include "warn.h"

/* A connection. */
struct guest {
	struct visit visit;
	atomic_uint busy; /* requests */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* all below; the device is taken over under it */
static struct farpage *device;
static struct ownership ownership;

void owner_begin(struct farpage *f)
{
	device = f;
	ownership_begin(&ownership, farpage_instance(f));
}

const char *owner_name(void)
{
	static _Thread_local char copy[OWNERSHIP_NAME_MAX];

	pthread_mutex_lock(&lock);
	memcpy(copy, ownership.name, sizeof copy);
	pthread_mutex_unlock(&lock);
	return copy;
}

void owner_describe(char words[static WORDS_MAX])
{
	pthread_mutex_lock(&lock);
	ownership_describe(&ownership, words);
	pthread_mutex_unlock(&lock);
}

struct guest *owner_open(const char *export, const char *host, char words[static WORDS_MAX])
{
	struct guest *g = calloc(1, sizeof *g);

	if (!g) {
		words_print(words, "no memory for a connection");
		return NULL;
	}
	pthread_mutex_lock(&lock);
	bool in = ownership_open(&ownership, &g->visit, export, host, words) == OWNERSHIP_IN;
	pthread_mutex_unlock(&lock);
	if (in)
		return g;
	free(g);
	return NULL;
}

void owner_close(struct guest *g)
{
	pthread_mutex_lock(&lock);
	ownership_close(&ownership, &g->visit);
	pthread_mutex_unlock(&lock);
	free(g);
}

/* Each of them has a deadline. */
static void wait_for_requests(void)
{
	const struct timespec a_moment = { .tv_nsec = 1000000 };
	const struct visit *v;

	TAILQ_FOREACH(v, &ownership.visits, link)
		while (((const struct guest *)v)->busy)
			nanosleep(&a_moment, NULL);
}

/* Under the lock, and so not while the device is taken over. */
static bool may(struct guest *g, bool change)
{
	struct visit *v = &g->visit;
	char next[OWNERSHIP_NAME_MAX];

	if (ownership_has(&ownership, v, change))
		return true;
	if (!change || !ownership_may_take(&ownership, v, next))
		return false;
	if (*ownership.owner) {
		warn("%s has taken the device over from %s, whose pages are gone", v->host, ownership.host);
		ownership_end_term(&ownership); /* who begins from here on is refused, or waits for the lock */
		wait_for_requests();
		farpage_flush_area(device);
	}
	ownership_take(&ownership, v, next);
	return true;
}

/* BUSY is said before the term is read, and that is changed before BUSY is read: one of the two sees
 * the other. */
bool owner_enter(struct guest *g, bool change)
{
	bool yes;

	g->busy++;
	if (ownership_has(&ownership, &g->visit, change))
		return true;
	g->busy--;
	pthread_mutex_lock(&lock);
	yes = may(g, change);
	if (yes)
		g->busy++;
	pthread_mutex_unlock(&lock);
	return yes;
}

void owner_leave(struct guest *g)
{
	g->busy--;
}
