/* SPDX-License-Identifier: BSD-2-Clause */
/* The pools at the start: what the last farpaged left, and new ones. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "daemon.h"
#include "keep.h"
#include "log.h"
#include "state.h"

static enum keep_wish wish(void *options, const char *name)
{
	const struct options *o = options;
	bool is_default = !o->pools && strcmp(name, OPTIONS_DEFAULT_POOL) == 0;

	return is_default || options_find_pool(options, name) ? KEEP_WANTED
	       : options_drops(options, name)   ? KEEP_DROP
	                                        : KEEP_IF_USED;
}

/* Where the pools are kept, if anywhere. */
static int open_state(struct daemon *d, uid_t uid, gid_t gid)
{
	const char *path = d->options.state_dir;
	char words[WORDS_MAX];

	if (path && d->stored) {
		log_line(LOG_ERROR, "state-dir %s: the service manager already keeps pools; leave "
		         "state-dir out, or stop the service and start it to go on without their "
		         "pages", path);
		return -1;
	}
	d->pools.state = path ? state_dir(path, uid, gid, words) : d->stored;
	if (path && !d->pools.state) {
		log_line(LOG_ERROR, "%s", words);
		return -1;
	}
	if (d->pools.state || !service_keeps())
		return 0;
	d->pools.state = state_fds();
	return d->pools.state ? 0 : -1;
}

static int note_kept(void *kept, const char *name)
{
	(void)name;
	*(bool *)kept = true;
	return 0;
}

/* What was kept must be had again, however short of memory this host is now: then nothing
 * is asked. */
static int have_room(struct daemon *d)
{
	struct state *state = d->pools.state;
	bool kept = false;

	if (state)
		state->ops->each(state, note_kept, &kept);
	const char *name = kept ? NULL : daemon_no_room(d, &d->options);
	if (!name)
		return 0;
	log_line(LOG_ERROR, "pool %s: " DAEMON_NO_ROOM, name);
	return -1;
}

/* By default half of what is free now is lent, but never less than what a farpaged that
 * lent by the same rule left: what it holds is not free any more. */
static uint64_t default_lend(struct daemon *d)
{
	struct keep_need need = keep_needs(&d->pools, wish, &d->options);
	uint64_t configured = 0;

	if (!need.reserved && !need.thin)
		return d->default_lend;
	for (unsigned i = 0; i < d->options.pools; i++)
		if (!d->options.pool[i].thin &&
		    __builtin_add_overflow(configured, d->options.pool[i].size, &configured))
			configured = UINT64_MAX / 2;
	if (need.reserved < configured)
		need.reserved = configured;
	uint64_t lend = need.reserved + need.thin;
	return lend > d->default_lend ? lend : d->default_lend;
}

/* How much is lent, now that it is known what was left. */
static int settle(struct daemon *d)
{
	char words[WORDS_MAX];

	d->default_lend = default_lend(d);
	if (options_settle(&d->options, d->default_lend, words) < 0 ||
	    (d->options.state_dir && state_dir_room(d->pools.state, d->options.lend, words) < 0)) {
		log_line(LOG_ERROR, "%s", words);
		return -1;
	}
	pools_lend(&d->pools, d->options.lend);
	return 0;
}

int daemon_add_pools(struct daemon *d, uid_t uid, gid_t gid)
{
	char words[WORDS_MAX];

	if (open_state(d, uid, gid) < 0 || settle(d) < 0 || have_room(d) < 0)
		return -1;
	if (keep_check(&d->pools, wish, &d->options, words) < 0) {
		log_line(LOG_ERROR, "%s", words);
		return -1;
	}
	for (unsigned i = 0; i < d->options.pools; i++)
		if (daemon_add_pool(d, &d->options.pool[i]) < 0)
			return -1;
	return 0;
}

int daemon_take_stored(struct daemon *d, int fd, const char *name)
{
	if (!d->stored)
		d->stored = state_fds();
	if (d->stored && state_fds_add(d->stored, fd, name) == 0)
		return 0;
	log_line(LOG_ERROR, "cannot take %s from the service manager: %s", name, strerror(errno));
	return -1;
}
