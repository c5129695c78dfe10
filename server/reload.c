/* SPDX-License-Identifier: BSD-2-Clause */
/* Pools as the configuration wants them, at the start and when it is read again. */
#include <stdio.h>
#include <string.h>

#include "daemon.h"
#include "log.h"
#include "size.h"

int daemon_add_pool(struct daemon *d, const struct pool_spec *spec)
{
	char words[POOL_WORDS_MAX], size[32], used[32];
	struct pool *pool;

	if (pool_add(&d->pools, spec, words) < 0) {
		log_line(LOG_ERROR, "%s", words);
		return -1;
	}
	size_format(spec->size, size);
	pool = pool_find(&d->pools, spec->name);
	size_format(atomic_load(&pool->used_pages) << PAGE_SHIFT, used);
	log_line(LOG_INFO, "pool %s: %s%s%s%s%s", spec->name, size, spec->thin ? ", thin" : "",
	         spec->revocable ? ", revocable" : "", pool->kept ? ", kept pages: " : "",
	         pool->kept ? used : "");
	if (!pool->locked)
		log_line(LOG_WARN, "pool %s: cannot lock its memory; this host may swap it out; "
		         "run with CAP_IPC_LOCK or LimitMEMLOCK=infinity", spec->name);
	return 0;
}

struct pressure_rule daemon_rule(const struct options *o)
{
	return (struct pressure_rule){ .keep_free = o->keep_free,
	                               .deadline_ms = o->vacate_deadline_s * 1000 };
}

static const struct pool_spec *find_spec(const struct options *o, const char *name)
{
	for (unsigned i = 0; i < o->pools; i++)
		if (strcmp(o->pool[i].name, name) == 0)
			return &o->pool[i];
	return NULL;
}

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

/* The first of NEW's pools that does not fit into what is lent, with what thin
 * ones hold just now; or NULL. */
static const char *does_not_fit(struct daemon *d, const struct options *new)
{
	uint64_t granted = atomic_load(&d->pools.granted_pages) << PAGE_SHIFT;
	struct pool *pool;

	TAILQ_FOREACH(pool, &d->pools.list, link)
		if (!pool->thin)
			granted -= pool->size;
		else if (!find_spec(new, pool->name))
			granted -= atomic_load(&pool->used_pages) << PAGE_SHIFT;
	for (unsigned i = 0; i < new->pools; i++) {
		if (!new->pool[i].thin)
			granted += new->pool[i].size;
		if (granted > new->lend)
			return new->pool[i].name;
	}
	return NULL;
}

/* The first of NEW's pools that is new or larger, or NULL. */
static const char *grows(struct daemon *d, const struct options *new)
{
	for (unsigned i = 0; i < new->pools; i++) {
		const struct pool *pool = pool_find(&d->pools, new->pool[i].name);

		if (!pool || new->pool[i].size > pool->size)
			return new->pool[i].name;
	}
	return NULL;
}

const char *daemon_no_room(struct daemon *d, const struct options *o)
{
	uint64_t room = gauge_look().uncommitted;
	struct pool *pool;

	if (room == UINT64_MAX)
		return NULL;
	TAILQ_FOREACH(pool, &d->pools.list, link)
		if (!find_spec(o, pool->name)) /* what it holds comes back */
			room += atomic_load(&pool->used_pages) << PAGE_SHIFT;
	for (unsigned i = 0; i < o->pools; i++) {
		uint64_t need = o->pool[i].size;

		if (o->pool[i].thin)
			continue;
		pool = pool_find(&d->pools, o->pool[i].name);
		need -= pool ? atomic_load(&pool->used_pages) << PAGE_SHIFT : 0;
		if (need > room)
			return o->pool[i].name;
		room -= need;
	}
	return NULL;
}

/* The first thing in NEW that cannot be had without a restart, or NULL. */
static const char *cannot_change(struct daemon *d, const struct options *new)
{
	static char words[256];
	const struct options *old = &d->options;
	struct pool *pool;

	if (!same_listen(old, new))
		return "listen cannot change while it runs";
	if (old->tls != new->tls || !same_text(old->tls_certificates, new->tls_certificates) ||
	    !same_text(old->tls_psk, new->tls_psk))
		return "where TLS takes its credentials from cannot change while it runs";
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
	if (old->log_level != new->log_level)
		return "log-level cannot change while it runs";
	if (old->lend != new->lend)
		return "lend cannot change while it runs";
	TAILQ_FOREACH(pool, &d->pools.list, link) {
		const struct pool_spec *spec = find_spec(new, pool->name);
		const char *why = !spec && !pool_idle(pool)        ? "is in use and cannot be removed"
		                  : spec && spec->size < pool->size ? "cannot shrink"
		                  : spec && spec->thin != pool->thin ? "cannot change to or from thin"
		                  : spec && strcmp(spec->owner, pool->owner) != 0 ? "cannot change its owner"
		                  : spec && spec->revocable != (pool->dropped != NULL)
		                      ? "cannot change to or from revocable"
		                      : NULL;
		if (why) {
			snprintf(words, sizeof words, "pool %s %s", pool->name, why);
			return words;
		}
	}
	const char *name = watch_short(&d->watch) ? grows(d, new) : NULL;
	if (name) {
		snprintf(words, sizeof words, "pool %s cannot be added or grow while this host "
		         "is short of memory; free some, or lower keep-free first", name);
		return words;
	}
	name = grows(d, new) ? daemon_no_room(d, new) : NULL;
	if (name) {
		snprintf(words, sizeof words, "pool %s: " DAEMON_NO_ROOM, name);
		return words;
	}
	name = does_not_fit(d, new);
	if (!name)
		return NULL;
	snprintf(words, sizeof words, "pool %s does not fit into what is lent, beside what thin "
	         "pools hold; make it smaller or thin", name);
	return words;
}

/* Pages that NEW's pools need beyond what the present ones have. */
static uint64_t more_pages(struct daemon *d, const struct options *new)
{
	uint64_t need = 0, have = 0;
	struct pool *pool;

	for (unsigned i = 0; i < new->pools; i++)
		need += new->pool[i].thin ? 0 : new->pool[i].size >> PAGE_SHIFT;
	TAILQ_FOREACH(pool, &d->pools.list, link)
		if (!pool->thin)
			have += pool->size >> PAGE_SHIFT;
		else if (!find_spec(new, pool->name))
			have += atomic_load(&pool->used_pages);
	return need > have ? need - have : 0;
}

/* All was checked and what it needs is held, so that only a lack of memory can
 * stop this half way. */
static void change_pools(struct daemon *d, const struct options *new)
{
	char words[POOL_WORDS_MAX];
	struct pool *pool, *next;

	for (pool = TAILQ_FIRST(&d->pools.list); pool; pool = next) {
		next = TAILQ_NEXT(pool, link);
		if (find_spec(new, pool->name))
			continue;
		log_line(LOG_INFO, "pool %s: removed", pool->name);
		if (pool_remove(pool, words) < 0)
			log_line(LOG_ERROR, "%s", words);
	}
	for (unsigned i = 0; i < new->pools; i++) {
		const struct pool_spec *spec = &new->pool[i];

		pool = pool_find(&d->pools, spec->name);
		if (pool) {
			pool_limit(pool, spec->iops, spec->bandwidth);
			pool->allow = spec->allow;
		}
		if (!pool)
			daemon_add_pool(d, spec);
		else if (spec->size > pool->size && pool_grow(pool, spec->size, words) < 0)
			log_line(LOG_ERROR, "%s", words);
	}
}

void daemon_reload(struct daemon *d)
{
	char words[OPTIONS_WORDS_MAX];
	struct options new;
	const char *why;

	if (options_read(&new, d->argc, d->argv, d->default_lend, words) != OPTIONS_OK) {
		log_line(LOG_ERROR, "nothing changed: %s", words);
		options_free(&new);
		return;
	}
	if (!new.config)
		why = "no --config file to read again";
	else {
		pthread_mutex_lock(&d->pools.lock);
		why = cannot_change(d, &new);
		if (!why && !pools_hold(&d->pools, more_pages(d, &new)))
			why = "the thin pools have just taken what the new ones need";
		/* Last: nothing may fail after it. */
		if (!why && d->loops.shared.tls && tls_reload(d->loops.shared.tls, words) < 0) {
			pools_release(&d->pools);
			why = words;
		}
		if (!why) {
			change_pools(d, &new);
			pools_release(&d->pools);
		}
		pthread_mutex_unlock(&d->pools.lock);
	}
	if (why) {
		log_line(LOG_ERROR, "nothing changed: %s", why);
		options_free(&new);
		return;
	}
	options_free(&d->options);
	d->options = new;
	atomic_store(&d->loops.shared.dead_after, new.dead_after_s);
	struct pressure_rule rule = daemon_rule(&new);
	watch_set_rule(&d->watch, &rule);
	log_line(LOG_INFO, "configuration read again");
}
