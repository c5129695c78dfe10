/* SPDX-License-Identifier: BSD-2-Clause */
/* How many connections there may be: in all, from one address, and of one
 * identity. Any thread; never on the path of a page. */
#ifndef FARPAGE_LIMIT_H
#define FARPAGE_LIMIT_H

#include <pthread.h>
#include <stdbool.h>

#define LIMITS_NAME_MAX 127

/* Connections that share something. */
struct share;

struct limits {
	unsigned most, most_per_host, most_per_identity;
	pthread_mutex_t lock; /* all below */
	unsigned connections;
	void *shares[2];      /* trees: by host, by identity */
	unsigned long refused;
};

enum limits_by { LIMITS_HOST, LIMITS_IDENTITY };

void limits_init(struct limits *, unsigned most, unsigned per_host, unsigned per_identity);
void limits_free(struct limits *);

/* One connection more in all. false: that is too many. */
bool limits_enter(struct limits *);
void limits_leave(struct limits *);
/* One more of those that NAME stands for; NULL: that is too many, or no memory. */
struct share *limits_share(struct limits *, enum limits_by, const char *name);
void limits_unshare(struct limits *, enum limits_by, struct share *);

#endif
