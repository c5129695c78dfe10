/* SPDX-License-Identifier: BSD-2-Clause */
#include "ownership.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define ID_MAX 65 /* of a claim, with its NUL */

void ownership_begin(struct ownership *o, const char *name)
{
	*o = (struct ownership){ .visits = TAILQ_HEAD_INITIALIZER(o->visits) };
	snprintf(o->name, sizeof o->name, "%s", name);
}

bool ownership_is_held(const struct ownership *o)
{
	const struct visit *v;

	TAILQ_FOREACH(v, &o->visits, link)
		if (v->owns && v->term == o->term)
			return true;
	return false;
}

void ownership_describe(const struct ownership *o, char words[static WORDS_MAX])
{
	struct tm tm;
	char when[32] = "";

	if (localtime_r(&o->since, &tm))
		strftime(when, sizeof when, "%F %T", &tm);
	if (*o->owner)
		words_print(words, "%s has owned this device since %s%s", o->host, when,
		            ownership_is_held(o) ? "" : ", and is not connected now");
	else
		words_print(words, "no host owns this device yet");
}

static bool is_id(const char *id)
{
	size_t n = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

	return n > 0 && !id[n];
}

/* "NAME", "NAME?claim=ID", "NAME?claim=ID&force", "NAME?force". False: it is none of these. */
static bool parse(struct visit *v, const char *export, char asked[static OWNERSHIP_NAME_MAX])
{
	size_t len = strcspn(export, "?");
	char id[ID_MAX];

	snprintf(asked, OWNERSHIP_NAME_MAX, "%.*s", (int)len, export);
	if (len >= OWNERSHIP_NAME_MAX)
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
		if (!is_id(id))
			return false;
		snprintf(v->who, sizeof v->who, "claim=%s", id);
	}
	return true;
}

static bool is_anothers(const struct ownership *o, const struct visit *v)
{
	return *o->owner && strcmp(o->owner, v->who) != 0 && !v->force && ownership_is_held(o);
}

enum ownership_door ownership_open(struct ownership *o, struct visit *v, const char *export, const char *host,
                                   char words[static WORDS_MAX])
{
	char asked[OWNERSHIP_NAME_MAX];

	*v = (struct visit){0};
	snprintf(v->host, sizeof v->host, "%s", host);
	if (!parse(v, export, asked)) {
		words_print(words, "no such export name: it is NAME, or NAME?claim=ID[&force], "
		            "where ID has 1 to 64 letters, digits, dots, dashes and underscores");
		return OWNERSHIP_UNKNOWN;
	}
	if (!*v->who)
		snprintf(v->who, sizeof v->who, "%s", host);
	if (*asked && strcmp(asked, o->name) != 0) {
		words_print(words, "there is no export %s: the process that had its pages has "
		            "ended, and the pages with it, or another host took the device over; "
		            "the export here is %s", asked, o->name);
		return OWNERSHIP_UNKNOWN;
	}
	if (is_anothers(o, v)) {
		words_print(words, "%s is refused: %s owns this device and is connected. Two "
		            "hosts would overwrite each other's pages. If that host is gone for "
		            "good, or its pages are worthless, connect to export "
		            "?claim=ID&force", v->host, o->host);
		return OWNERSHIP_REFUSED;
	}
	v->term = o->term;
	v->owns = strcmp(o->owner, v->who) == 0;
	TAILQ_INSERT_TAIL(&o->visits, v, link);
	return OWNERSHIP_IN;
}

void ownership_close(struct ownership *o, struct visit *v)
{
	TAILQ_REMOVE(&o->visits, v, link);
}

bool ownership_may_take(const struct ownership *o, const struct visit *v, char next[static OWNERSHIP_NAME_MAX])
{
	uint64_t id[2];

	if (v->term != o->term || (*o->owner && ownership_is_held(o) && !v->force) ||
	    getrandom(id, sizeof id, 0) != sizeof id)
		return false;
	snprintf(next, OWNERSHIP_NAME_MAX, "%016" PRIx64 "%016" PRIx64, id[0], id[1]);
	return true;
}

void ownership_take(struct ownership *o, struct visit *v, const char *next)
{
	struct visit *each;

	if (*o->owner)
		memcpy(o->name, next, sizeof o->name);
	snprintf(o->owner, sizeof o->owner, "%s", v->who);
	snprintf(o->host, sizeof o->host, "%s", v->host);
	o->since = time(NULL);
	TAILQ_FOREACH(each, &o->visits, link)
		if (strcmp(each->who, o->owner) == 0) {
			each->owns = true;
			each->term = o->term;
		}
}
