/* SPDX-License-Identifier: BSD-2-Clause */
/* Pools as the configuration wants them, at the start and when it is read again. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon.h"
#include "log.h"
#include "path.h"
#include "size.h"

#define RELOAD_WORDS_MAX 512

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
		if (!options_find_pool(o, pool->name)) /* what it holds comes back */
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

/* Would POOL, which NEW has no more, go with pages that nobody gave up? */
static bool loses(struct pool *pool, const struct options *new, char words[static RELOAD_WORDS_MAX])
{
	uint64_t used = atomic_load(&pool->used_pages) << PAGE_SHIFT;
	char size[32], held[32];

	if (!used || options_drops(new, pool->name))
		return false;
	size_format(pool->size, size);
	size_format(used, held);
	snprintf(words, RELOAD_WORDS_MAX, "pool %s holds %s of pages, and is not configured any more; "
	         "configure it (it was pool = %s=%s), or let it go with them by drop-pool = %s",
	         pool->name, held, pool->name, size, pool->name);
	return true;
}

/* The first thing in NEW that cannot be had without a restart, or NULL. */
static const char *cannot_change(struct daemon *d, const struct options *new)
{
	static char words[RELOAD_WORDS_MAX];
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
	if (!same_text(old->reload_file, new->reload_file))
		return "reload-file cannot change while it runs";
	if (!same_text(old->stats, new->stats))
		return "stats cannot change while it runs";
	if (old->log_level != new->log_level)
		return "log-level cannot change while it runs";
	if (old->lend != new->lend)
		return "lend cannot change while it runs";
	TAILQ_FOREACH(pool, &d->pools.list, link) {
		const struct pool_spec *spec = options_find_pool(new, pool->name);
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
		if (!spec && loses(pool, new, words))
			return words;
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
		else if (!options_find_pool(new, pool->name))
			have += atomic_load(&pool->used_pages);
	return need > have ? need - have : 0;
}

static void remove_pools(struct daemon *d, const struct options *new)
{
	char words[POOL_WORDS_MAX], held[32];
	struct pool *pool, *next;

	for (pool = TAILQ_FIRST(&d->pools.list); pool; pool = next) {
		next = TAILQ_NEXT(pool, link);
		if (options_find_pool(new, pool->name))
			continue;
		size_format(atomic_load(&pool->used_pages) << PAGE_SHIFT, held);
		log_line(LOG_INFO, "pool %s: removed, with %s of pages", pool->name, held);
		if (pool_remove(pool, words) < 0)
			log_line(LOG_ERROR, "%s", words);
	}
}

/* All was checked and what it needs is held, so that only a lack of memory or descriptors
 * can stop this half way: then FAILED is a pool that is not as it should be. */
static void change_pools(struct daemon *d, const struct options *new, const char **failed)
{
	char words[POOL_WORDS_MAX];

	remove_pools(d, new);
	for (unsigned i = 0; i < new->pools; i++) {
		const struct pool_spec *spec = &new->pool[i];
		struct pool *pool = pool_find(&d->pools, spec->name);
		int r = 0;

		if (pool) {
			pool_limit(pool, spec->iops, spec->bandwidth);
			pool->allow = spec->allow;
		}
		if (!pool)
			r = daemon_add_pool(d, spec);
		else if (spec->size > pool->size && (r = pool_grow(pool, spec->size, words)) < 0)
			log_line(LOG_ERROR, "%s", words);
		if (r < 0)
			*failed = spec->name;
	}
}

static void write_outcome(const char *path, const char *why)
{
	char bad[PATH_WORDS_MAX];
	int fd = path_write(path, geteuid(), bad);

	if (fd >= 0) {
		bool done = ftruncate(fd, 0) == 0 &&
		            dprintf(fd, "%s%s\n", why ? "failed: " : "ok", why ? why : "") > 0;

		snprintf(bad, sizeof bad, "%s", done ? "" : strerror(errno));
		close(fd);
	}
	if (*bad)
		log_line(LOG_WARN, "cannot write reload-file %s: %s", path, bad);
}

/* Tell whoever asked for it: WHY it was not done; NULL: it was. */
static void tell(struct daemon *d, const char *why)
{
	const char *path = d->options.reload_file;

	if (why)
		log_line(LOG_ERROR, "%s", why);
	else
		log_line(LOG_INFO, "configuration read again");
	if (path)
		write_outcome(path, why);
	service_reloaded(&d->service, why);
}

/* Under pools.lock. NULL: it is done, maybe not for the pool *FAILED. */
static const char *take(struct daemon *d, const struct options *new, const char **failed,
                        char words[static OPTIONS_WORDS_MAX])
{
	const char *why = cannot_change(d, new);

	if (!why && !pools_hold(&d->pools, more_pages(d, new)))
		why = "the thin pools have just taken what the new ones need";
	if (why)
		return why;
	/* Last: nothing may fail after it. */
	if (d->loops.shared.tls && tls_reload(d->loops.shared.tls, words) < 0)
		why = words;
	else
		change_pools(d, new, failed);
	pools_release(&d->pools);
	return why;
}

static const char *reload(struct daemon *d, const char **failed,
                          char words[static OPTIONS_WORDS_MAX])
{
	struct options new;
	const char *why;

	if (options_read(&new, d->argc, d->argv, words) != OPTIONS_OK ||
	    options_settle(&new, d->default_lend, words) < 0) {
		options_free(&new);
		return words;
	}
	if (new.config) {
		pthread_mutex_lock(&d->pools.lock);
		why = take(d, &new, failed, words);
		pthread_mutex_unlock(&d->pools.lock);
	} else {
		why = "no --config file to read again";
	}
	if (why) {
		options_free(&new);
		return why;
	}
	options_free(&d->options);
	d->options = new;
	return NULL;
}

void daemon_reload(struct daemon *d)
{
	char words[OPTIONS_WORDS_MAX], text[OPTIONS_WORDS_MAX + 100];
	const char *failed = NULL, *why;

	service_reloading();
	why = reload(d, &failed, words);
	if (why) {
		snprintf(text, sizeof text, "nothing changed: %s", why);
		tell(d, text);
		return;
	}
	atomic_store(&d->loops.shared.dead_after, d->options.dead_after_s);
	struct pressure_rule rule = daemon_rule(&d->options);
	watch_set_rule(&d->watch, &rule);
	if (failed)
		snprintf(text, sizeof text, "configuration read again, but for pool %s, see the log; free "
		         "what it needs and reload again", failed);
	tell(d, failed ? text : NULL);
}
