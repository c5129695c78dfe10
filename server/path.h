/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that are named by somebody else: never waited for, and never root's by mistake. */
#ifndef FARPAGE_PATH_H
#define FARPAGE_PATH_H

#include <stdbool.h>
#include <stdio.h>

/* Can nobody but root change what the directories of PATH lead to? Then root may make its last
 * part, if it follows no link there; in the directory of another user it must not. */
bool path_is_roots(const char *path);
/* To read, what is a regular file or /dev/null: opening or reading a pipe would wait. NULL with
 * errno; EINVAL: it is something else. */
FILE *path_read(const char *path);

#endif
