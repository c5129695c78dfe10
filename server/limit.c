/* SPDX-License-Identifier: BSD-2-Clause */
#include "limit.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct share {
	unsigned connections;
	char name[];
};

void limits_init(struct limits *l, unsigned most, unsigned per_host, unsigned per_identity)
{
	*l = (struct limits){ .most = most, .most_per_host = per_host,
	                      .most_per_identity = per_identity };
	pthread_mutex_init(&l->lock, NULL);
}

void limits_free(struct limits *l)
{
	tdestroy(l->shares[LIMITS_HOST], free);
	tdestroy(l->shares[LIMITS_IDENTITY], free);
	pthread_mutex_destroy(&l->lock);
}

bool limits_enter(struct limits *l)
{
	pthread_mutex_lock(&l->lock);
	bool ok = l->connections < l->most;
	l->connections += ok;
	l->refused += !ok;
	pthread_mutex_unlock(&l->lock);
	return ok;
}

void limits_leave(struct limits *l)
{
	pthread_mutex_lock(&l->lock);
	l->connections--;
	pthread_mutex_unlock(&l->lock);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct share *)a)->name, ((const struct share *)b)->name);
}

static struct share *find_or_add(void **tree, const char *name)
{
	size_t n = strnlen(name, LIMITS_NAME_MAX);
	struct share *new = calloc(1, sizeof *new + n + 1), **found;

	if (!new)
		return NULL;
	memcpy(new->name, name, n);
	found = tsearch(new, tree, by_name);
	if (!found || *found != new)
		free(new);
	return found ? *found : NULL;
}

static void drop_if_unused(void **tree, struct share *share)
{
	if (share->connections)
		return;
	tdelete(share, tree, by_name);
	free(share);
}

struct share *limits_share(struct limits *l, enum limits_by by, const char *name)
{
	unsigned most = by == LIMITS_HOST ? l->most_per_host : l->most_per_identity;

	pthread_mutex_lock(&l->lock);
	struct share *share = find_or_add(&l->shares[by], name);
	if (share && share->connections < most) {
		share->connections++;
	} else {
		l->refused++;
		if (share)
			drop_if_unused(&l->shares[by], share);
		share = NULL;
	}
	pthread_mutex_unlock(&l->lock);
	return share;
}

void limits_unshare(struct limits *l, enum limits_by by, struct share *share)
{
	if (!share)
		return;
	pthread_mutex_lock(&l->lock);
	share->connections--;
	drop_if_unused(&l->shares[by], share);
	pthread_mutex_unlock(&l->lock);
}
