/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that are named by somebody else: never waited for, and never root's by mistake. */
#ifndef FARPAGE_PATH_H
#define FARPAGE_PATH_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "words.h"


/* Can nobody but root change what the directories of PATH lead to? Then root may make its last
 * part, if it follows no link there; in the directory of another user it must not. */
bool path_is_roots(const char *path);
/* To read, what is a regular file or /dev/null: opening or reading a pipe would wait. NULL with
 * errno; EINVAL: it is something else. */
FILE *path_read(const char *path);
/* To write what PATH is to say, a regular file of one name which root, we or USER made; it is
 * made if it is missing. -1 with WHY: whoever may write in its directory may have left something
 * else there. */
int path_write(const char *path, uid_t user, char why[static WORDS_MAX]);

#endif
