/* SPDX-License-Identifier: BSD-2-Clause */
/* The service manager's store of descriptors: a memfd for each pool, under the
 * name pool-NAME. It hands them over when it starts farpaged again. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pool.h"
#include "service.h"
#include "state.h"

struct stored {
	LIST_ENTRY(stored) link;
	int fd;
	char name[POOL_NAME_MAX + 1];
};

struct fds {
	struct state state;
	LIST_HEAD(, stored) list;
};

static struct stored *state_fds_find(struct state *state, const char *name)
{
	struct stored *stored;

	LIST_FOREACH(stored, &((struct fds *)state)->list, link)
		if (strcmp(stored->name, name) == 0)
			return stored;
	return NULL;
}

static int add(struct state *state, const char *name, int fd)
{
	struct stored *stored = calloc(1, sizeof *stored);

	if (!stored)
		return -1;
	stored->fd = fd;
	snprintf(stored->name, sizeof stored->name, "%s", name);
	LIST_INSERT_HEAD(&((struct fds *)state)->list, stored, link);
	return 0;
}

static void forget(struct stored *stored)
{
	LIST_REMOVE(stored, link);
	close(stored->fd);
	free(stored);
}

static int fds_take(struct state *state, const char *name, char words[static WORDS_MAX])
{
	struct stored *stored = state_fds_find(state, name);
	int fd = stored ? fcntl(stored->fd, F_DUPFD_CLOEXEC, 0) : -1;

	if (!stored)
		errno = ENOENT;
	else if (fd < 0)
		words_print(words, "%s", strerror(errno));
	return fd;
}

static int fds_make(struct state *state)
{
	(void)state;
	return memfd_create("farpage", MFD_CLOEXEC);
}

static int fds_commit(struct state *state, const char *name, int fd)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (own < 0 || add(state, name, own) < 0) {
		if (own >= 0)
			close(own);
		return -1;
	}
	if (service_store(name, own) == 0)
		return 0;
	int e = errno;
	forget(state_fds_find(state, name));
	errno = e;
	return -1;
}

static void fds_drop(struct state *state, const char *name)
{
	struct stored *stored = state_fds_find(state, name);

	if (!stored)
		return;
	service_unstore(name);
	forget(stored);
}

static int fds_each(struct state *state, int (*see)(void *data, const char *name), void *data)
{
	struct stored *stored, *next;
	char name[POOL_NAME_MAX + 1];
	int r = 0;

	for (stored = LIST_FIRST(&((struct fds *)state)->list); r == 0 && stored; stored = next) {
		next = LIST_NEXT(stored, link);
		memcpy(name, stored->name, sizeof name); /* it may be dropped */
		r = see(data, name);
	}
	return r;
}

static void fds_tell(struct state *state, const char *name, char where[static WORDS_MAX],
                     char way_out[static WORDS_MAX])
{
	(void)state;
	words_print(where, "the service manager's descriptor " SERVICE_FDS_PREFIX "%s",
	            name);
	words_print(way_out,
	            "to go on without its pages, stop the service, then start it");
}

static void fds_close(struct state *state)
{
	struct fds *fds = (struct fds *)state;

	while (LIST_FIRST(&fds->list))
		forget(LIST_FIRST(&fds->list));
	free(fds);
}

static const struct state_ops ops = {
	.take = fds_take,
	.make = fds_make,
	.commit = fds_commit,
	.drop = fds_drop,
	.each = fds_each,
	.tell = fds_tell,
	.close = fds_close,
};

struct state *state_fds(void)
{
	struct fds *fds = calloc(1, sizeof *fds);

	if (!fds)
		return NULL;
	fds->state.ops = &ops;
	return &fds->state;
}

int state_fds_add(struct state *state, int fd, const char *name)
{
	const char *pool = name + strlen(SERVICE_FDS_PREFIX);

	if (!pool_name_valid(pool) || state_fds_find(state, pool))
		errno = EEXIST;
	else if (add(state, pool, fd) == 0)
		return 0;
	int e = errno;
	close(fd);
	errno = e;
	return -1;
}
