/* SPDX-License-Identifier: BSD-2-Clause */
#include "ublk_use.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Is NAME the device, or a partition of it? */
static bool is_device(const char *name, size_t len, const char *device)
{
	size_t n = strlen(device);

	return len >= n && memcmp(name, device, n) == 0 && (len == n || name[n] == 'p');
}

/* A line of FILE whose column number COLUMN is the device? */
static bool is_listed(const char *file, int column, const char *device)
{
	FILE *f = fopen(file, "re");
	bool found = false;
	char *line = NULL;
	size_t size = 0;

	while (f && !found && getline(&line, &size, f) > 0) {
		const char *at = line;

		for (int i = 0; i < column; i++) {
			at += strcspn(at, " \t\n");
			at += strspn(at, " \t");
		}
		found = is_device(at, strcspn(at, " \t\n"), device);
	}
	free(line);
	if (f)
		fclose(f);
	return found;
}

static bool has_holder(const char *device)
{
	char path[PATH_MAX];
	struct dirent *e;
	bool found = false;
	DIR *d;

	snprintf(path, sizeof path, "/sys/block/%s/holders", device + strlen("/dev/"));
	d = opendir(path);
	while (d && !found && (e = readdir(d)))
		found = e->d_name[0] != '.';
	if (d)
		closedir(d);
	return found;
}

static bool process_has_it(const char *pid, const char *device)
{
	char path[PATH_MAX], target[PATH_MAX];
	struct dirent *e;
	bool found = false;
	DIR *d;

	snprintf(path, sizeof path, "/proc/%s/fd", pid);
	d = opendir(path);
	while (d && !found && (e = readdir(d))) {
		ssize_t n = readlinkat(dirfd(d), e->d_name, target, sizeof target);

		found = n > 0 && is_device(target, (size_t)n, device);
	}
	if (d)
		closedir(d);
	return found;
}

/* Its number, or -1. */
static long opener(const char *device)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	long pid = -1;

	while (d && pid < 0 && (e = readdir(d)))
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9' && process_has_it(e->d_name, device))
			pid = strtol(e->d_name, NULL, 10);
	if (d)
		closedir(d);
	return pid;
}

bool ublk_use(const char *device, char words[static WORDS_MAX])
{
	long pid;

	if (is_listed("/proc/swaps", 0, device))
		return words_print(words, "%s is in use: the kernel swaps there: swapoff %s", device, device);
	if (is_listed("/proc/self/mounts", 0, device))
		return words_print(words, "%s is in use: it is mounted: umount %s", device, device);
	if (has_holder(device))
		return words_print(words, "%s is in use: another device lies on it: see /sys/block/%s/holders", device,
		                   device + strlen("/dev/"));
	pid = opener(device);
	if (pid >= 0)
		return words_print(words, "%s is in use: process %ld has it open", device, pid);
	return false;
}
