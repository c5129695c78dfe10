/* SPDX-License-Identifier: BSD-2-Clause */
#include "psk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* NULL with errno; a pipe would be waited for. */
static FILE *open_regular(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	FILE *file;

	if (fd < 0)
		return NULL;
	file = fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || (errno = EINVAL, 0)) ? fdopen(fd, "r")
	                                                                         : NULL;
	if (!file)
		close(fd);
	return file;
}

/* What is wrong with a key, which ends where its line does. */
static const char *check_key(const char *key)
{
	size_t digits = strspn(key, "0123456789abcdefABCDEF");

	if (key[digits] == '\r')
		return "its lines end with a carriage return, which would be part of the key: "
		       "write it with line feeds only";
	if (key[digits] && key[digits] != '\n')
		return "the key is not hexadecimal";
	return digits && digits % 2 == 0 ? NULL : "the key is empty, or ends in half a byte";
}

/* What is wrong with FILE. */
static const char *check_lines(FILE *file, const char *username)
{
	static const char none[] = "it has no line NAME:HEXKEY for tls-username";
	size_t room = 0, len = strlen(username);
	const char *wrong = none;
	char *line = NULL;

	for (unsigned n = 1; wrong == none && getline(&line, &room, file) >= 0; n++) {
		if (n == 1 && (strncmp(line, "\xef\xbb\xbf", 3) == 0 || strncmp(line, "\xff\xfe", 2) == 0 ||
		               strncmp(line, "\xfe\xff", 2) == 0))
			wrong = "it begins with a byte order mark, which would be part of the "
			        "first name: write it without";
		else if (strncmp(line, username, len) == 0 && line[len] == ':')
			wrong = check_key(line + len + 1);
	}
	if (line)
		explicit_bzero(line, room);
	free(line);
	return wrong;
}

int psk_check(const char *path, const char *username, char words[static WORDS_MAX])
{
	FILE *file = open_regular(path);
	const char *wrong;

	if (!file) {
		words_print(words, "tls-psk=%.300s: %s", path,
		            errno == EINVAL ? "it is not a regular file" : strerrordesc_np(errno));
		return -1;
	}
	wrong = check_lines(file, username);
	fclose(file);
	if (!wrong)
		return 0;
	words_print(words, "tls-psk=%.300s, tls-username=%.64s: %s", path, username, wrong);
	return -1;
}
