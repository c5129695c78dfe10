/* SPDX-License-Identifier: BSD-2-Clause */
#include "owner.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <time.h>

#include "address.h"
#include "warn.h"

#define WHO_MAX 80

struct visit {
	char who[WHO_MAX];    /* what tells its host from others */
	char host[WHO_MAX];   /* to tell people */
	bool force;
	/* Written under the lock. */
	atomic_uint term;     /* in which it came, or took the device over */
	atomic_bool owns;     /* the device is its host's */
	atomic_uint busy;     /* requests */
	TAILQ_ENTRY(visit) link;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* all below; the device is taken over under it */
static struct farpage *device;
static TAILQ_HEAD(, visit) visits = TAILQ_HEAD_INITIALIZER(visits);
static char name[FARPAGE_INSTANCE_MAX];
static char owner[WHO_MAX], owner_host[WHO_MAX]; /* "": nobody yet */
static time_t owned_since;
static atomic_uint term; /* of an owner */

void owner_begin(struct farpage *f)
{
	device = f;
	snprintf(name, sizeof name, "%s", farpage_instance(f));
}

const char *owner_name(void)
{
	static _Thread_local char copy[sizeof name];

	pthread_mutex_lock(&lock);
	memcpy(copy, name, sizeof copy);
	pthread_mutex_unlock(&lock);
	return copy;
}

/* The owner has a connection. */
static bool owner_is_here(void)
{
	const struct visit *v;

	TAILQ_FOREACH(v, &visits, link)
		if (v->owns && v->term == term)
			return true;
	return false;
}

void owner_describe(char words[static WORDS_MAX])
{
	struct tm tm;
	char when[32] = "";

	pthread_mutex_lock(&lock);
	if (localtime_r(&owned_since, &tm))
		strftime(when, sizeof when, "%F %T", &tm);
	if (*owner)
		words_print(words, "%s has owned this device since %s%s", owner_host, when,
		            owner_is_here() ? "" : ", and is not connected now");
	else
		words_print(words, "no host owns this device yet");
	pthread_mutex_unlock(&lock);
}

/* "NAME", "NAME?claim=ID", "NAME?claim=ID&force", "NAME?force". False: it is none of these. */
static bool parse(struct visit *v, const char *export, char asked[static FARPAGE_INSTANCE_MAX])
{
	size_t len = strcspn(export, "?");
	char id[ADDRESS_POOL_MAX];

	snprintf(asked, FARPAGE_INSTANCE_MAX, "%.*s", (int)len, export);
	if (len >= FARPAGE_INSTANCE_MAX)
		asked[0] = '?'; /* nothing is called so */
	for (export += len; *export; export += len) {
		export++;
		len = strcspn(export, "&");
		if (len == strlen("force") && strncmp(export, "force", len) == 0) {
			v->force = true;
			continue;
		}
		if (strncmp(export, "claim=", 6) != 0 || len - 6 >= sizeof id || *v->who)
			return false;
		snprintf(id, sizeof id, "%.*s", (int)(len - 6), export + 6);
		if (!address_pool_valid(id))
			return false;
		snprintf(v->who, sizeof v->who, "claim=%s", id);
	}
	return true;
}

/* Under the lock. Why V is not let in, in WORDS; false: it is. */
static bool refused(const struct visit *v, const char *asked, char *words)
{
	if (*asked && strcmp(asked, name) != 0)
		words_print(words, "there is no export %s: the process that had its pages has "
		            "ended, and the pages with it, or another host took the device over; "
		            "the export here is %s", asked, name);
	else if (*owner && strcmp(owner, v->who) != 0 && !v->force && owner_is_here())
		words_print(words, "%s is refused: %s owns this device and is connected. Two "
		            "hosts would overwrite each other's pages. If that host is gone for "
		            "good, or its pages are worthless, connect to export "
		            "?claim=ID&force", v->host, owner_host);
	else
		return false;
	return true;
}

struct visit *owner_open(const char *export, const char *host, char words[static WORDS_MAX])
{
	struct visit *v = calloc(1, sizeof *v);
	char asked[FARPAGE_INSTANCE_MAX];
	bool no = true;

	if (!v) {
		words_print(words, "no memory for a connection");
		return NULL;
	}
	snprintf(v->host, sizeof v->host, "%s", host);
	if (!parse(v, export, asked)) {
		words_print(words, "no such export name: it is NAME, or NAME?claim=ID[&force], "
		            "where ID has 1 to 64 letters, digits, dots, dashes and underscores");
		free(v);
		return NULL;
	}
	if (!*v->who)
		snprintf(v->who, sizeof v->who, "%s", host);
	pthread_mutex_lock(&lock);
	no = refused(v, asked, words);
	if (!no) {
		v->term = term;
		v->owns = strcmp(owner, v->who) == 0;
		TAILQ_INSERT_TAIL(&visits, v, link);
	}
	pthread_mutex_unlock(&lock);
	if (no)
		free(v);
	return no ? NULL : v;
}

void owner_close(struct visit *v)
{
	pthread_mutex_lock(&lock);
	TAILQ_REMOVE(&visits, v, link);
	pthread_mutex_unlock(&lock);
	free(v);
}

/* Each of them has a deadline. */
static void wait_for_requests(void)
{
	const struct timespec a_moment = { .tv_nsec = 1000000 };
	const struct visit *v;

	TAILQ_FOREACH(v, &visits, link)
		while (v->busy)
			nanosleep(&a_moment, NULL);
}

/* Under the lock: the device is V's host's, and what the one before had is gone. */
static void take_over(struct visit *v, const uint64_t id[static 2])
{
	struct visit *each;

	if (*owner) {
		warn("%s has taken the device over from %s, whose pages are gone", v->host, owner_host);
		term++; /* who begins from here on is refused, or waits for the lock */
		wait_for_requests();
		farpage_flush_area(device);
		snprintf(name, sizeof name, "%016" PRIx64 "%016" PRIx64, id[0], id[1]);
	}
	snprintf(owner, sizeof owner, "%s", v->who);
	snprintf(owner_host, sizeof owner_host, "%s", v->host);
	owned_since = time(NULL);
	TAILQ_FOREACH(each, &visits, link)
		if (strcmp(each->who, owner) == 0) {
			each->owns = true;
			each->term = term;
		}
}

/* Under the lock, and so not while the device is taken over. */
static bool may(struct visit *v, bool change)
{
	uint64_t id[2]; /* the next name */

	if (v->term != term)
		return false;
	if (!change || v->owns)
		return true;
	if ((*owner && owner_is_here() && !v->force) || getrandom(id, sizeof id, 0) != sizeof id)
		return false;
	take_over(v, id);
	return true;
}

/* BUSY is said before TERM is read, and TERM is changed before BUSY is read: one of the two sees
 * the other. */
bool owner_enter(struct visit *v, bool change)
{
	bool yes;

	v->busy++;
	if (v->term == term && (!change || v->owns))
		return true;
	v->busy--;
	pthread_mutex_lock(&lock);
	yes = may(v, change);
	if (yes)
		v->busy++;
	pthread_mutex_unlock(&lock);
	return yes;
}

void owner_leave(struct visit *v)
{
	v->busy--;
}
