/* SPDX-License-Identifier: BSD-2-Clause */
/* farpaged's options: the file is what comes before a byte 0xff; each line behind
 * it is an option of the command line, "NAME VALUE". */
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "options_table.h"

#define LEND (UINT64_C(64) << 20)
#define ARGS 32 /* the most of the command line */

static int file_of(const uint8_t *data, size_t len)
{
	int fd = memfd_create("config", MFD_CLOEXEC);

	must(fd >= 0 && write(fd, data, len) == (ssize_t)len);
	return fd;
}

static const struct setting *row_of(const char *name)
{
	const struct setting *row = setting_find(options_table, name);

	return row && !row->not_in_file ? row : NULL;
}

/* Only options that a file may say: no other file, and no end. */
static unsigned command_line(char *lines, char *argv[static ARGS])
{
	unsigned argc = 0;

	for (char *line; argc + 2 < ARGS && (line = strsep(&lines, "\n")); ) {
		const struct setting *row = row_of(strsep(&line, " "));

		if (!row)
			continue;
		argv[argc] = malloc(strlen(row->name) + 3);
		must(argv[argc]);
		sprintf(argv[argc++], "--%s", row->name);
		if (row->value)
			argv[argc++] = text_of(line ? line : "", line ? strlen(line) : 0);
	}
	return argc;
}

static void check(const struct options *o)
{
	uint64_t reserved = 0;

	must(o->listens >= 1 && o->listens <= OPTIONS_LISTEN_MAX);
	must(o->pools >= 1 && o->pools <= OPTIONS_POOLS_MAX);
	for (const struct setting *row = options_table; row->name; row++) {
		unsigned n;

		if (row->kind == SETTING_NUMBER) {
			memcpy(&n, (const char *)o + row->at, sizeof n);
			must(n >= row->least && n <= row->most);
		}
	}
	must(o->lend % PAGE_BYTES == 0);
	for (unsigned i = 0; i < o->pools; i++) {
		must(pool_name_valid(o->pool[i].name));
		must(!*o->pool[i].owner || o->tls != TLS_OFF);
		must(o->pool[i].size && o->pool[i].size % PAGE_BYTES == 0);
		for (unsigned k = 0; k < i; k++)
			must(strcmp(o->pool[i].name, o->pool[k].name) != 0);
		if (!o->pool[i].thin)
			must(!__builtin_add_overflow(reserved, o->pool[i].size, &reserved));
	}
	must(reserved <= o->lend);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *line = len ? memchr(data, 0xff, len) : NULL;
	size_t file_len = line ? (size_t)(line - data) : len;
	char path[32], *words = calloc(1, WORDS_MAX);
	char *made[ARGS], *argv[ARGS + 3] = { (char *)"farpaged", (char *)"--config", path };
	char *lines = line ? text_of(line + 1, len - file_len - 1) : NULL;
	unsigned n = lines ? command_line(lines, made) : 0;
	int fd = file_of(data, file_len);
	struct options o;

	must(words);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	memcpy(argv + 3, made, n * sizeof *argv); /* getopt changes the order */
	switch (options_read(&o, 3 + (int)n, argv, words)) {
	case OPTIONS_OK:
		if (options_settle(&o, LEND, words) == 0) {
			check(&o);
			break;
		} /* fall through */
	case OPTIONS_BAD:
		must(*words && memchr(words, 0, WORDS_MAX));
		break;
	case OPTIONS_DONE: /* it was not asked */
		must(false);
	}
	options_free(&o);
	close(fd);
	free(words);
	free(lines);
	while (n)
		free(made[--n]);
	return 0;
}
