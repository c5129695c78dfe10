/* SPDX-License-Identifier: BSD-2-Clause */
#include "keep.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "descriptors.h"
#include "secret.h"
#include "state.h"

/* Epochs must grow, and not repeat even if this daemon forgets everything:
 * microseconds since 1970, above some noise for a clock that was set back. */
static uint64_t first_epoch(void)
{
	struct timespec now;
	uint16_t noise;

	clock_gettime(CLOCK_REALTIME, &now);
	secret_random(&noise, sizeof noise);
	return ((uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000) << 12 |
	       (noise & 0xfff);
}

void keep_label(struct pool *pool)
{
	struct label label = {
		.inode = pool->inode,
		.born_ns = pool->born_ns,
		.pages = pool->size >> PAGE_SHIFT,
		.thin = pool->thin,
		.epoch = pool->epoch,
		.since = pool->since,
		.owner_since = pool->owner_since,
	};

	memcpy(label.name, pool->name, sizeof label.name);
	memcpy(label.incarnation, pool->incarnation, sizeof label.incarnation);
	memcpy(label.instance, pool->instance, sizeof label.instance);
	memcpy(label.owner_peer, pool->owner_peer, sizeof label.owner_peer);
	memcpy(label.owner, pool->owner, sizeof label.owner);
	label_commit(pool->store->head, &label);
}

int keep_no_memory(const struct pool *pool, uint64_t size, char words[static WORDS_MAX])
{
	const char *why = strerror(errno), *way_out = "";
	char limit[WORDS_MAX];

	if (errno == EMFILE || errno == ENFILE) {
		words_print(words, "pool %s: %s", pool->name, descriptors_words(errno, limit));
		return -1;
	}
	if (errno == ENOTSUP) {
		why = "it would come in huge pages, which cannot be given back one by one";
		way_out = "; mount state-dir's tmpfs with huge=never, or without state-dir write "
		          "never into /sys/kernel/mm/transparent_hugepage/shmem_enabled";
	} else if (errno == ENOSPC) {
		way_out = "; make room in the tmpfs of state-dir, or allow more to be committed";
	} else if (errno == EFBIG) {
		way_out = "; make it smaller, or raise ulimit -f, or LimitFSIZE= of the unit";
	}
	words_print(words, "pool %s: no memory for %" PRIu64 " MiB: %s%s",
	            pool->name, size >> 20, why, way_out);
	return -1;
}

static int create(struct pool *pool, struct state *state, char words[static WORDS_MAX])
{
	struct label label = {0};
	int fd = state ? state->ops->make(state) : -1;

	if (state && (fd < 0 || label_identify(&label, fd) < 0))
		goto err;
	pool->store = store_flat.open(fd, pool->size >> PAGE_SHIFT, &pool->locked);
	if (!pool->store)
		goto err;
	pool->inode = label.inode;
	pool->born_ns = label.born_ns;
	pool->epoch = pool->since = first_epoch();
	secret_id(pool->incarnation);
	keep_label(pool);
	/* From here on the store has FD. */
	if (state && state->ops->commit(state, pool->name, fd) < 0)
		return keep_no_memory(pool, pool->size, words);
	return 0;
err:
	keep_no_memory(pool, pool->size, words);
	if (fd >= 0)
		close(fd);
	return -1;
}

static int keep_refuse(struct pool *pool, const char *why, char words[static WORDS_MAX])
{
	struct state *state = pool->pools->state;
	char where[WORDS_MAX], way_out[WORDS_MAX];

	state->ops->tell(state, pool->name, where, way_out);
	words_print(words, "pool %s: %.160s: %.110s; %.160s", pool->name, where, why,
	            way_out);
	return -1;
}

/* The label of FD, if it is one that this very file was given as NAME's. */
static int read_label(int fd, const char *name, struct label *label,
                      char why[static WORDS_MAX])
{
	struct label_head head;
	struct label here;

	if (pread(fd, &head, sizeof head, 0) != (ssize_t)sizeof head) {
		words_print(why, "it is not a pool of farpaged");
		return -1;
	}
	if (label_read(&head, label, why) < 0)
		return -1;
	if (strcmp(label->name, name) != 0) {
		words_print(why, "it is the pool %s", label->name);
		return -1;
	}
	if (label_identify(&here, fd) < 0 || here.inode != label->inode ||
	    here.born_ns != label->born_ns) {
		words_print(why, "it is a copy, and may lack what was put since");
		return -1;
	}
	return 0;
}

/* Does it go with what is wanted of the pool? */
static int check_wanted(const struct pool *pool, const struct label *label,
                        char why[static WORDS_MAX])
{
	if (pool->dropped)
		words_print(why, "it is revocable now, and revocable pools are not kept");
	else if ((bool)label->thin != pool->thin)
		words_print(why, "it is %sthin, and cannot change to or from thin",
		            label->thin ? "" : "not ");
	else if (strcmp(label->owner, pool->owner) != 0)
		words_print(why, "it cannot change its owner");
	else if (label->pages > pool->size >> PAGE_SHIFT)
		words_print(why, "it has %" PRIu64 " MiB, and cannot shrink to %" PRIu64
		            " MiB", label->pages >> (20 - PAGE_SHIFT), pool->size >> 20);
	else
		return 0;
	return -1;
}

static void take_over(struct pool *pool, const struct label *label)
{
	pool->inode = label->inode;
	pool->born_ns = label->born_ns;
	pool->epoch = label->epoch;
	pool->since = label->since;
	pool->owner_since = label->owner_since;
	memcpy(pool->incarnation, label->incarnation, sizeof pool->incarnation);
	memcpy(pool->instance, label->instance, sizeof pool->instance);
	memcpy(pool->owner_peer, label->owner_peer, sizeof pool->owner_peer);
}

static int adopt(struct pool *pool, int fd, char words[static WORDS_MAX])
{
	char why[WORDS_MAX];
	struct label label;
	uint64_t used;

	if (read_label(fd, pool->name, &label, why) < 0 || check_wanted(pool, &label, why) < 0) {
		close(fd);
		return keep_refuse(pool, why, words);
	}
	pool->store = store_flat.adopt(fd, label.pages, &pool->locked, &used);
	if (!pool->store) {
		close(fd);
		return errno == EBADMSG ? keep_refuse(pool, "its pages are not what its label says", words)
		                        : keep_no_memory(pool, pool->size, words);
	}
	take_over(pool, &label);
	if (pool->thin && !pools_grant(pool->pools, used))
		return keep_refuse(pool, "its pages do not fit into what is lent; raise lend", words);
	atomic_store(&pool->used_pages, used);
	pool->kept = true;
	if (label.pages == pool->size >> PAGE_SHIFT)
		return 0;
	if (pool->store->ops->resize(pool->store, pool->size >> PAGE_SHIFT) == 0) {
		keep_label(pool);
		return 0;
	}
	keep_no_memory(pool, pool->size, words);
	if (pool->thin)
		pools_ungrant(pool->pools, used);
	return -1;
}

int keep_open(struct pool *pool, char words[static WORDS_MAX])
{
	struct state *state = pool->pools->state;
	char why[WORDS_MAX];
	int fd = state ? state->ops->take(state, pool->name, why) : -1;

	if (fd >= 0)
		return adopt(pool, fd, words);
	if (state && errno != ENOENT)
		return keep_refuse(pool, why, words);
	return create(pool, pool->dropped ? NULL : state, words);
}

void keep_drop(struct pool *pool)
{
	struct state *state = pool->pools->state;

	if (state)
		state->ops->drop(state, pool->name);
}

struct check {
	struct pools *pools;
	enum keep_wish (*wish)(void *data, const char *name);
	void *data;
	char *words; /* WORDS_MAX */
};

/* How many pages NAME's file has; -1 with WHY. */
static int64_t look_inside(struct state *state, const char *name,
                           char why[static WORDS_MAX])
{
	int fd = state->ops->take(state, name, why);
	struct store *store = NULL;
	struct label label;
	uint64_t used;
	bool locked;

	if (fd < 0)
		return -1;
	if (read_label(fd, name, &label, why) == 0) {
		store = store_flat.adopt(fd, label.pages, &locked, &used);
		if (!store)
			words_print(why, "its pages are not what its label says");
	}
	if (!store) {
		close(fd);
		return -1;
	}
	store->ops->close(store);
	return (int64_t)used;
}

static int refuse_unwanted(struct pool *pool, uint64_t used, char words[static WORDS_MAX])
{
	struct state *state = pool->pools->state;
	char where[WORDS_MAX], way_out[WORDS_MAX];

	state->ops->tell(state, pool->name, where, way_out);
	words_print(words, "pool %s: %.160s: it holds %" PRIu64 " KiB of pages and is "
	            "not configured; configure it, or remove it and its pages with drop-pool = %s",
	            pool->name, where, used << (PAGE_SHIFT - 10), pool->name);
	return -1;
}

static int check_name(void *data, const char *name)
{
	struct check *check = data;
	struct pools *pools = check->pools;
	struct pool gone = { .pools = pools };
	enum keep_wish wish = check->wish(check->data, name);
	char why[WORDS_MAX];
	int64_t used = 0;

	if (wish == KEEP_WANTED)
		return 0;
	snprintf(gone.name, sizeof gone.name, "%s", name);
	if (wish == KEEP_IF_USED)
		used = look_inside(pools->state, name, why);
	if (used == 0)
		keep_drop(&gone);
	return used == 0  ? 0
	       : used > 0 ? refuse_unwanted(&gone, (uint64_t)used, check->words)
	                  : keep_refuse(&gone, why, check->words);
}

int keep_check(struct pools *pools, enum keep_wish (*wish)(void *data, const char *name), void *data,
               char words[static WORDS_MAX])
{
	struct check check = { pools, wish, data, words };

	return pools->state ? pools->state->ops->each(pools->state, check_name, &check) : 0;
}

struct needing {
	struct pools *pools;
	enum keep_wish (*wish)(void *data, const char *name);
	void *data;
	struct keep_need need;
};

/* What of them is no good is refused when it is opened. */
static int add_need(void *data, const char *name)
{
	struct needing *n = data;
	char why[WORDS_MAX];
	struct label label;
	struct stat st;
	int fd;

	if (n->wish(n->data, name) != KEEP_WANTED)
		return 0;
	fd = n->pools->state->ops->take(n->pools->state, name, why);
	if (fd < 0)
		return 0;
	if (read_label(fd, name, &label, why) == 0 && fstat(fd, &st) == 0) {
		uint64_t size = label.pages << PAGE_SHIFT, held = (uint64_t)st.st_blocks * 512;

		if (label.thin)
			n->need.thin += held < size ? held : size;
		else
			n->need.reserved += size;
	}
	close(fd);
	return 0;
}

struct keep_need keep_needs(struct pools *pools, enum keep_wish (*wish)(void *data, const char *name),
                            void *data)
{
	struct needing n = { pools, wish, data, { 0, 0 } };

	if (pools->state)
		pools->state->ops->each(pools->state, add_need, &n);
	return n.need;
}
