/* SPDX-License-Identifier: BSD-2-Clause */
/* Pools as the configuration wants them, at the start and when it is read again. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon.h"
#include "lend.h"
#include "log.h"
#include "path.h"
#include "size.h"

int daemon_add_pool(struct daemon *d, const struct pool_spec *spec)
{
	char words[WORDS_MAX], size[32], used[32];
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
	char words[WORDS_MAX], held[32];
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
	char words[WORDS_MAX];

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
	char bad[WORDS_MAX];
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
                        char words[static WORDS_MAX])
{
	const char *why = daemon_cannot_change(d, new, words);

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
                          char words[static WORDS_MAX])
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
	char words[WORDS_MAX], text[WORDS_MAX + 100];
	const char *failed = NULL, *why;

	service_reloading();
	why = reload(d, &failed, words);
	if (why) {
		snprintf(text, sizeof text, "nothing changed: %s", why);
		tell(d, text);
		return;
	}
	atomic_store(&d->loops.shared.dead_after, d->options.dead_after_s);
	daemon_fit_descriptors(d);
	struct pressure_rule rule = daemon_rule(&d->options);
	monitor_set_rule(&d->monitor, &rule);
	if (failed)
		snprintf(text, sizeof text, "configuration read again, except for pool %s, see "
		         "the log; free what it needs and reload again", failed);
	tell(d, failed ? text : NULL);
}
