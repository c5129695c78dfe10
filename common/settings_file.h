/* SPDX-License-Identifier: BSD-2-Clause */
/* A file of settings, "name = value" a line, with # or ; before comments. */
#ifndef FARPAGE_SETTINGS_FILE_H
#define FARPAGE_SETTINGS_FILE_H

#include "words.h"

/* Take a setting of the file. -1 with WORDS: what is wrong with it. */
typedef int settings_line(void *into, const char *name, const char *value, char words[static WORDS_MAX]);

/* Call TAKE with each setting in PATH, up to the first that is refused. -1 with WORDS: the line and what
 * is wrong there, or why the file cannot be read. */
int settings_file_read(const char *path, settings_line *take, void *into, char words[static WORDS_MAX]);

#endif
