/* SPDX-License-Identifier: BSD-2-Clause */
#include "gauge.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX 8192

/* All of a small file, or "". */
static void read_text(int fd, char text[static TEXT_MAX])
{
	size_t len = 0;
	ssize_t n = 1;

	while (fd >= 0 && n > 0 && len < TEXT_MAX - 1) {
		n = pread(fd, text + len, TEXT_MAX - 1 - len, (off_t)len);
		len += n > 0 ? (size_t)n : 0;
	}
	text[len] = '\0';
}

/* The number behind KEY at the beginning of a line; NONE if there is none. */
static uint64_t number(const char *text, const char *key, uint64_t none)
{
	size_t len = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, len) == 0) {
			char *end;
			uint64_t n = strtoull(line + len, &end, 10);

			return end == line + len ? none : n;
		}
	}
	return none;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Where vm.overcommit_memory is 2 (never), what is free can only be had as far as it may
 * be committed. */
static void read_meminfo(const struct gauge *g, struct gauge_seen *seen)
{
	char text[TEXT_MAX], mode[TEXT_MAX];

	read_text(g->meminfo, text);
	read_text(g->overcommit, mode);
	seen->total = number(text, "MemTotal:", 0) * 1024;
	seen->available = number(text, "MemAvailable:", UINT64_MAX >> 10);
	seen->available = seen->available == UINT64_MAX >> 10 ? UINT64_MAX
	                                                       : seen->available * 1024;
	if (number(mode, "", 0) == 2) {
		uint64_t limit = number(text, "CommitLimit:", 0) * 1024;

		seen->uncommitted = limit - least(number(text, "Committed_AS:", 0) * 1024, limit);
		seen->available = least(seen->available, seen->uncommitted);
	}
}

/* A limit is "max" or a number; cache that a cgroup's processes do not use just now
 * does not count, as in MemAvailable. */
static void read_level(const struct gauge_level *level, struct gauge_seen *seen)
{
	char text[TEXT_MAX];
	uint64_t limit, used, cache;

	read_text(level->max, text);
	limit = number(text, "", UINT64_MAX);
	read_text(level->high, text);
	limit = least(limit, number(text, "", UINT64_MAX));
	if (limit == UINT64_MAX)
		return;
	read_text(level->current, text);
	used = number(text, "", 0);
	read_text(level->stat, text);
	cache = number(text, "inactive_file ", 0);
	used -= least(cache, used);
	seen->available = least(seen->available, limit - least(used, limit));
	if (seen->total)
		seen->total = least(seen->total, limit);
}

/* "some avg10=1.23 ...", as 123. */
static unsigned read_psi(int fd)
{
	char text[TEXT_MAX];
	unsigned whole, part;

	read_text(fd, text);
	if (sscanf(text, "some avg10=%3u.%2u", &whole, &part) != 2)
		return 0;
	return whole * 100 + part;
}

void gauge_read_memory(const struct gauge *g, struct gauge_seen *seen)
{
	*seen = (struct gauge_seen){ .uncommitted = UINT64_MAX };
	read_meminfo(g, seen);
	for (unsigned i = 0; i < g->levels; i++)
		read_level(&g->level[i], seen);
}

void gauge_read(const struct gauge *g, struct gauge_seen *seen)
{
	gauge_read_memory(g, seen);
	for (unsigned i = 0; i < GAUGE_PSI; i++) {
		unsigned stalled = read_psi(g->psi[i]);

		if (stalled > seen->stalled)
			seen->stalled = stalled;
	}
}

static int open_at(const char *root, const char *dir, const char *file, int flags)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof path, "%s%s/%s", root, dir, file) >= (int)sizeof path)
		return -1;
	return open(path, flags | O_CLOEXEC);
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* A trigger belongs to its descriptor: that one polls, another one reads. */
static void open_psi(struct gauge *g, unsigned i, const char *root, const char *dir,
                     const char *file)
{
	g->psi[i] = open_at(root, dir, file, O_RDONLY);
	if (!g->triggers)
		return;
	g->trigger[i] = open_at(root, dir, file, O_RDWR | O_NONBLOCK);
	if (g->trigger[i] >= 0 &&
	    write(g->trigger[i], GAUGE_TRIGGER, sizeof GAUGE_TRIGGER) < 0) {
		close(g->trigger[i]);
		g->trigger[i] = -1;
	}
}

static void close_level(struct gauge_level *level)
{
	close_fd(level->max);
	close_fd(level->high);
	close_fd(level->current);
	close_fd(level->stat);
}

/* The path of our cgroup below its mount; "" if there is no version 2. */
static void own_cgroup(const char *root, char path[static TEXT_MAX])
{
	char text[TEXT_MAX];
	int fd = open_at(root, "/proc", "self/cgroup", O_RDONLY);
	const char *line;

	read_text(fd, text);
	close_fd(fd);
	line = strncmp(text, "0::/", 4) == 0 ? text : strstr(text, "\n0::/");
	line = line ? strchr(line, '/') : "";
	snprintf(path, TEXT_MAX, "%.*s", (int)strcspn(line, "\n"), line);
}

/* Limits may be set later: what has the files is looked at. */
static void open_levels(struct gauge *g, const char *root)
{
	char path[TEXT_MAX], dir[TEXT_MAX + 32], *slash;

	own_cgroup(root, path);
	while (*path && g->levels < GAUGE_LEVELS) {
		struct gauge_level *level = &g->level[g->levels];

		snprintf(dir, sizeof dir, "/sys/fs/cgroup%s", path);
		level->max = open_at(root, dir, "memory.max", O_RDONLY);
		level->high = open_at(root, dir, "memory.high", O_RDONLY);
		level->current = open_at(root, dir, "memory.current", O_RDONLY);
		level->stat = open_at(root, dir, "memory.stat", O_RDONLY);
		if (g->levels == 0 && level->max >= 0)
			open_psi(g, 1, root, dir, "memory.pressure");
		if (level->max >= 0)
			g->levels++;
		else
			close_level(level);
		slash = strrchr(path, '/');
		*slash = '\0';
		if (!*path && slash[1])
			strcpy(path, "/"); /* the top of what we see */
	}
}

void gauge_open(struct gauge *g, const char *root, bool triggers)
{
	*g = (struct gauge){ .triggers = triggers, .psi = { -1, -1 }, .trigger = { -1, -1 } };
	g->meminfo = open_at(root, "/proc", "meminfo", O_RDONLY);
	g->overcommit = open_at(root, "/proc", "sys/vm/overcommit_memory", O_RDONLY);
	open_psi(g, 0, root, "/proc", "pressure/memory");
	open_levels(g, root);
}

void gauge_close(struct gauge *g)
{
	close_fd(g->meminfo);
	close_fd(g->overcommit);
	for (unsigned i = 0; i < g->levels; i++)
		close_level(&g->level[i]);
	for (unsigned i = 0; i < GAUGE_PSI; i++) {
		close_fd(g->psi[i]);
		close_fd(g->trigger[i]);
	}
	*g = (struct gauge){ .meminfo = -1, .overcommit = -1, .psi = { -1, -1 }, .trigger = { -1, -1 } };
}

struct gauge_seen gauge_look(void)
{
	struct gauge_seen seen;
	struct gauge g;

	gauge_open(&g, "", false);
	gauge_read(&g, &seen);
	gauge_close(&g);
	return seen;
}
