/* SPDX-License-Identifier: BSD-2-Clause */
/* Which host owns a device. Over a network any host can connect to it, and two that swapped onto it
 * would overwrite each other's pages. So it belongs to one host at a time, as a lender's pool does.
 *
 * A host is identified by the claim that it makes up, "NAME?claim=ID", or else by its address. The first
 * host that writes owns the device, with as many connections as it likes. While one of them is open, no
 * other host is let in, unless it forces: "NAME?claim=ID&force". With force, or when none is open, the
 * first write of another host takes the device over: requests of older connections are refused from then
 * on, all pages are forgotten, and the export gets another name, so that the former owner cannot come
 * back to pages that are not its own.
 *
 * Not guarded: whoever has several threads does that. */
#ifndef FARPAGE_OWNERSHIP_H
#define FARPAGE_OWNERSHIP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/queue.h>
#include <time.h>

#include "words.h"

#define OWNERSHIP_NAME_MAX 33 /* of an export: 32 hex digits */
#define OWNERSHIP_WHO_MAX  80

/* A connection. */
struct visit {
	char who[OWNERSHIP_WHO_MAX];    /* what tells its host from others */
	char host[OWNERSHIP_WHO_MAX];   /* to tell people */
	bool force;
	atomic_uint term;     /* in which it came, or took the device over */
	atomic_bool owns;     /* the device is its host's */
	TAILQ_ENTRY(visit) link;
};

struct ownership {
	TAILQ_HEAD(, visit) visits;
	char name[OWNERSHIP_NAME_MAX];
	char owner[OWNERSHIP_WHO_MAX], host[OWNERSHIP_WHO_MAX]; /* "": nobody yet */
	time_t since;
	atomic_uint term;     /* of an owner */
};

enum ownership_door { OWNERSHIP_IN, OWNERSHIP_UNKNOWN, OWNERSHIP_REFUSED };

/* NAME is the first name of the export. */
void ownership_begin(struct ownership *, const char *name);
/* Which host owns the device, as a sentence. */
void ownership_describe(const struct ownership *, char words[static WORDS_MAX]);
/* Does one of the owner's connections remain? */
bool ownership_is_held(const struct ownership *);

/* V is a connection from HOST that asks for EXPORT, until close. If it is not let in, WORDS say why. */
enum ownership_door ownership_open(struct ownership *, struct visit *v, const char *export, const char *host,
                                   char words[static WORDS_MAX]);
void ownership_close(struct ownership *, struct visit *);

/* May V go on without taking the device over? */
static inline bool ownership_has(const struct ownership *o, const struct visit *v, bool change)
{
	return v->term == o->term && (!change || v->owns);
}
/* May V, which has it not, take it over by a change? Then the next name is chosen. */
bool ownership_may_take(const struct ownership *, const struct visit *, char next[static OWNERSHIP_NAME_MAX]);
/* Whoever came before is refused from here on. */
static inline void ownership_end_term(struct ownership *o)
{
	o->term++;
}
/* The device is V's host's, and nothing of the one before is left; under the name NEXT, if there was one. */
void ownership_take(struct ownership *, struct visit *, const char *next);

#endif
