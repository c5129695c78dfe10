/* SPDX-License-Identifier: BSD-2-Clause */
/* What may be had of a configuration that is read again. Only looks; under pools.lock. */
#include <errno.h>
#include <string.h>

#include "daemon.h"
#include "descriptors.h"
#include "size.h"
#include "state.h"

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_listen(const struct options *a, const struct options *b)
{
	if (a->listens != b->listens)
		return false;
	for (unsigned i = 0; i < a->listens; i++)
		if (!same_text(a->listen[i], b->listen[i]))
			return false;
	return true;
}

/* The first option of NEW that cannot be had without a restart, or NULL. */
static const char *fixed_option(const struct options *old, const struct options *new)
{
	if (!same_listen(old, new))
		return "listen cannot change while it runs";
	if (old->tls != new->tls || !same_text(old->tls_certificates, new->tls_certificates) ||
	    !same_text(old->tls_psk, new->tls_psk))
		return "the files of TLS credentials cannot change while it runs";
	if (old->allow_plaintext != new->allow_plaintext)
		return "allow-plaintext cannot change while it runs";
	if (old->max_connections != new->max_connections ||
	    old->max_per_address != new->max_per_address ||
	    old->max_per_identity != new->max_per_identity)
		return "the limits of connections cannot change while it runs";
	if (old->threads != new->threads)
		return "threads cannot change while it runs";
	if (old->busy_poll_us != new->busy_poll_us)
		return "busy-poll cannot change while it runs";
	if (!same_text(old->user, new->user))
		return "user cannot change while it runs";
	if (old->seccomp != new->seccomp)
		return "seccomp cannot change while it runs";
	if (!same_text(old->pid_file, new->pid_file))
		return "pid-file cannot change while it runs";
	if (!same_text(old->state_dir, new->state_dir))
		return "state-dir cannot change while it runs";
	if (!same_text(old->reload_file, new->reload_file))
		return "reload-file cannot change while it runs";
	if (!same_text(old->stats, new->stats))
		return "stats cannot change while it runs";
	if (old->log_level != new->log_level)
		return "log-level cannot change while it runs";
	if (old->lend != new->lend)
		return "lend cannot change while it runs";
	return NULL;
}

/* The first of NEW's pools that does not fit into what is lent, with what thin
 * ones hold just now; or NULL. */
static const char *does_not_fit(struct daemon *d, const struct options *new)
{
	uint64_t granted = atomic_load(&d->pools.granted_pages) << PAGE_SHIFT;
	struct pool *pool;

	TAILQ_FOREACH(pool, &d->pools.list, link)
		if (!pool->thin)
			granted -= pool->size;
		else if (!options_find_pool(new, pool->name))
			granted -= atomic_load(&pool->used_pages) << PAGE_SHIFT;
	for (unsigned i = 0; i < new->pools; i++) {
		if (!new->pool[i].thin)
			granted += new->pool[i].size;
		if (granted > new->lend)
			return new->pool[i].name;
	}
	return NULL;
}

static bool is_larger(struct daemon *d, const struct pool_spec *spec)
{
	const struct pool *pool = pool_find(&d->pools, spec->name);

	return !pool || spec->size > pool->size;
}

/* The first of NEW's pools that is new or larger, or NULL. */
static const char *grows(struct daemon *d, const struct options *new)
{
	for (unsigned i = 0; i < new->pools; i++)
		if (is_larger(d, &new->pool[i]))
			return new->pool[i].name;
	return NULL;
}

/* Bytes that POOL holds; KEPT: in the state-dir. */
static uint64_t holds(const struct pool *pool, bool kept)
{
	return !pool || (kept && pool->dropped) ? 0 : atomic_load(&pool->used_pages) << PAGE_SHIFT;
}

/* Bytes that are promised to SPEC and that it does not hold yet. */
static uint64_t may_take(struct daemon *d, const struct pool_spec *spec, bool kept)
{
	if (spec->thin || (kept && spec->revocable))
		return 0;
	return spec->size - holds(pool_find(&d->pools, spec->name), kept) +
	       (is_larger(d, spec) ? STORE_BESIDE(spec->size) : 0);
}

/* The first of O's pools that is new or larger and does not fit into ROOM bytes, beside what
 * those that stay as they are may yet take; KEPT: of the state-dir. NULL: all do. */
static const char *too_much(struct daemon *d, const struct options *o, uint64_t room, bool kept)
{
	struct pool *pool;

	TAILQ_FOREACH(pool, &d->pools.list, link)
		if (!options_find_pool(o, pool->name)) /* what it holds comes back */
			room += holds(pool, kept);
	TAILQ_FOREACH(pool, &d->pools.leaving, link)
		room += holds(pool, kept);
	for (unsigned pass = 0; pass < 2; pass++)
		for (unsigned i = 0; i < o->pools; i++) {
			uint64_t take = may_take(d, &o->pool[i], kept);

			if (is_larger(d, &o->pool[i]) != (pass == 1))
				continue;
			if (take > room && pass == 1)
				return o->pool[i].name;
			room -= take < room ? take : room;
		}
	return NULL;
}

const char *daemon_no_room(struct daemon *d, const struct options *o)
{
	uint64_t room = gauge_look().uncommitted;

	return room == UINT64_MAX ? NULL : too_much(d, o, room, false);
}

/* The same of the tmpfs of state-dir. */
static const char *full_tmpfs(struct daemon *d, const struct options *o)
{
	uint64_t room = d->options.state_dir ? state_dir_free(d->pools.state) : UINT64_MAX;

	return room == UINT64_MAX ? NULL : too_much(d, o, room, true);
}

/* Would POOL, which NEW has no more, go with pages that nobody gave up? */
static bool loses(struct pool *pool, const struct options *new, char words[static WORDS_MAX])
{
	uint64_t used = atomic_load(&pool->used_pages) << PAGE_SHIFT;
	char size[32], held[32];

	if (!used || options_drops(new, pool->name))
		return false;
	size_format(pool->size, size);
	size_format(used, held);
	words_print(words, "pool %s holds %s of pages and is no longer configured; configure it "
	            "(it was pool = %s=%s), or remove it and its pages with drop-pool = %s",
	            pool->name, held, pool->name, size, pool->name);
	return true;
}

/* Why POOL cannot become SPEC; NULL: it can, or the pool can go. */
static const char *fixed_of_pool(struct pool *pool, const struct pool_spec *spec)
{
	if (!spec)
		return pool_idle(pool) ? NULL : "is in use and cannot be removed";
	if (spec->size < pool->size)
		return "cannot shrink";
	if (spec->thin != pool->thin)
		return "cannot change to or from thin";
	if (strcmp(spec->owner, pool->owner) != 0)
		return "cannot change its owner";
	if (spec->revocable != (pool->dropped != NULL))
		return "cannot change to or from revocable";
	return NULL;
}

/* Of the pools that there are. */
static bool some_cannot_change(struct daemon *d, const struct options *new,
                               char words[static WORDS_MAX])
{
	struct pool *pool;

	TAILQ_FOREACH(pool, &d->pools.list, link) {
		const struct pool_spec *spec = options_find_pool(new, pool->name);
		const char *why = fixed_of_pool(pool, spec);

		if (why)
			words_print(words, "pool %s %s", pool->name, why);
		if (why || (!spec && loses(pool, new, words)))
			return true;
	}
	return false;
}

/* Of those that are new, or larger. */
static bool some_do_not_fit(struct daemon *d, const struct options *new,
                            char words[static WORDS_MAX])
{
	const char *name = grows(d, new), *full;
	char limit[WORDS_MAX];

	if (name && monitor_short(&d->monitor))
		words_print(words, "pool %s cannot be added or grow while this host "
		            "is short of memory; free some, or lower keep-free first", name);
	else if (name && (full = daemon_no_room(d, new)))
		words_print(words, "pool %s: " DAEMON_NO_ROOM, full);
	else if (name && (full = full_tmpfs(d, new)))
		words_print(words, "pool %s: it would not fit into the tmpfs of "
		            "state-dir, beside what other pools may yet take; make room there, or make "
		            "it smaller or thin", full);
	else if (new->pools > d->options.pools && daemon_descriptors(new) < 2 * new->pools)
		words_print(words, "%u pools: with their owners' connections they take too "
		            "many: %s", new->pools, descriptors_words(EMFILE, limit));
	else if ((full = does_not_fit(d, new)))
		words_print(words, "pool %s does not fit into what is lent, beside what "
		            "thin pools hold; make it smaller or thin", full);
	else
		return false;
	return true;
}

const char *daemon_cannot_change(struct daemon *d, const struct options *new,
                                 char words[static WORDS_MAX])
{
	const char *why = fixed_option(&d->options, new);

	if (why)
		return why;
	return some_cannot_change(d, new, words) || some_do_not_fit(d, new, words) ? words : NULL;
}
