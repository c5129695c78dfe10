/* SPDX-License-Identifier: BSD-2-Clause */
/* Opens files whose names come from a user: never blocks, and never writes to a file of root's by mistake. */
#ifndef FARPAGE_PATH_H
#define FARPAGE_PATH_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "words.h"


/* Can only root change where the directories of PATH lead? Then root may create its last part, if it
 * follows no link there; in a directory of another user it must not. */
bool path_is_roots(const char *path);
/* Open for reading a regular file or /dev/null; a pipe could block. NULL with errno; EINVAL: it is
 * something else. */
FILE *path_read(const char *path);
/* Open PATH for writing, and create it if it is missing. It must be a regular file with one name, made
 * by root, by us or by USER: other users who may write in its directory may have put something else
 * there. -1 with WHY. */
int path_write(const char *path, uid_t user, char why[static WORDS_MAX]);

#endif
