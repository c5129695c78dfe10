/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the next farpaged finds the memory of pools: a directory of a tmpfs
 * (state_dir.c), or the service manager's store of descriptors (state_fds.c). Files
 * only: keep.c knows what is in them.
 *
 * Under pools.lock, or with one thread. */
#ifndef FARPAGE_STATE_H
#define FARPAGE_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "label.h"
#include "words.h"


struct state {
	const struct state_ops *ops;
};

struct state_ops {
	/* The file of pool NAME, as it was left; the caller closes it. -1 with
	 * ENOENT: there is none. -1 otherwise: WORDS say why it is refused. */
	int (*take)(struct state *, const char *name, char words[static WORDS_MAX]);
	/* An empty file that cannot be found yet, or -1 with errno. */
	int (*make)(struct state *);
	/* Have it found as NAME from now on. -1 with errno. */
	int (*commit)(struct state *, const char *name, int fd);
	/* Have it found no longer. */
	void (*drop)(struct state *, const char *name);
	/* Call SEE with every name that has a file, until it returns -1; then so does this. */
	int (*each)(struct state *, int (*see)(void *data, const char *name), void *data);
	/* Say which file NAME has, and how to go on without it. */
	void (*tell)(struct state *, const char *name, char where[static WORDS_MAX],
	             char way_out[static WORDS_MAX]);
	void (*close)(struct state *);
};

/* The directory PATH, which is made if it is missing; it must belong to UID, and so must all
 * in it. NULL with WORDS. */
struct state *state_dir(const char *path, uid_t uid, gid_t gid,
                        char words[static WORDS_MAX]);
/* How many bytes its tmpfs has free; UINT64_MAX: it has no limit. */
uint64_t state_dir_free(struct state *);
/* Is there room in it for LEND bytes of pages? -1 with WORDS. */
int state_dir_room(struct state *, uint64_t lend, char words[static WORDS_MAX]);

/* NULL with errno. */
struct state *state_fds(void);
/* FD was handed over as NAME, which begins with SERVICE_FDS_PREFIX: the state takes it, or
 * closes it. -1: there is one of that name already, or that is no name. */
int state_fds_add(struct state *, int fd, const char *name);

#endif
