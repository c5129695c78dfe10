/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "meter.h"

static int meter_add(struct meter *meter, pid_t pid, unsigned server)
{
	clockid_t clock;
	int r;

	if (meter->processes == METER_PROCESSES) {
		errno = E2BIG;
		return -1;
	}
	r = clock_getcpuclockid(pid, &clock);
	if (r != 0) {
		errno = r;
		return -1;
	}
	meter->process[meter->processes].pid = pid;
	meter->process[meter->processes].server = server;
	meter->process[meter->processes].clock = clock;
	meter->processes++;
	return 0;
}

static pid_t parent_of(pid_t pid)
{
	char path[64], line[512];
	const char *p;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return -1;
	p = fgets(line, sizeof line, f);
	fclose(f);
	if (p != NULL)
		p = strrchr(line, ')'); /* the name before it may hold anything */
	return p == NULL || strlen(p) < 4 ? -1 : (pid_t)atoi(p + 4);
}

static int meter_index(const struct meter *meter, pid_t pid)
{
	for (unsigned i = 0; i < meter->processes; i++)
		if (meter->process[i].pid == pid)
			return (int)i;
	return -1;
}

/* One pass over /proc; returns how many new descendants it found, or -1. */
static int meter_descend(struct meter *meter)
{
	struct dirent *entry;
	int found = 0;
	DIR *proc = opendir("/proc");

	if (proc == NULL)
		return -1;
	while (found >= 0 && (entry = readdir(proc)) != NULL) {
		pid_t pid = (pid_t)atoi(entry->d_name);
		int parent;

		if (pid <= 0 || meter_index(meter, pid) >= 0)
			continue;
		parent = meter_index(meter, parent_of(pid));
		if (parent < 0)
			continue;
		if (meter_add(meter, pid, meter->process[parent].server) == 0)
			found++;
		else if (errno != ESRCH)
			found = -1;
	}
	closedir(proc);
	return found;
}

static void read_switches(const char *path, struct meter_sample *sum)
{
	unsigned long long n;
	char line[256];
	FILE *f = fopen(path, "re");

	if (f == NULL)
		return;
	while (fgets(line, sizeof line, f) != NULL) {
		if (sscanf(line, "voluntary_ctxt_switches: %llu", &n) == 1)
			sum->voluntary += n;
		else if (sscanf(line, "nonvoluntary_ctxt_switches: %llu", &n) == 1)
			sum->involuntary += n;
	}
	fclose(f);
}

static void add_switches(const struct meter *meter, struct meter_sample sample[METER_SERVERS])
{
	for (unsigned i = 0; i < meter->processes; i++) {
		struct dirent *entry;
		char path[320];
		DIR *tasks;

		snprintf(path, sizeof path, "/proc/%d/task", (int)meter->process[i].pid);
		tasks = opendir(path);
		if (tasks == NULL)
			continue;
		while ((entry = readdir(tasks)) != NULL) {
			if (entry->d_name[0] == '.')
				continue;
			snprintf(path, sizeof path, "/proc/%d/task/%s/status", (int)meter->process[i].pid, entry->d_name);
			read_switches(path, &sample[meter->process[i].server]);
		}
		closedir(tasks);
	}
}

static int add_cpu(const struct meter *meter, struct meter_sample sample[METER_SERVERS])
{
	struct timespec t;

	for (unsigned i = 0; i < meter->processes; i++) {
		if (clock_gettime(meter->process[i].clock, &t) == -1) {
			errno = ESRCH;
			return -1;
		}
		sample[meter->process[i].server].cpu_ns += (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
	}
	return 0;
}

int meter_start(struct meter *meter)
{
	int found;

	meter->processes = 0;
	memset(meter->used, 0, sizeof meter->used);
	for (unsigned i = 0; i < meter->servers; i++)
		if (meter_add(meter, meter->server_pid[i], i) == -1)
			return -1;
	if (meter->servers == 0)
		return 0;
	do
		found = meter_descend(meter);
	while (found > 0);
	if (found == -1)
		return -1;
	add_switches(meter, meter->used);
	return add_cpu(meter, meter->used);
}

int meter_stop(struct meter *meter)
{
	struct meter_sample now[METER_SERVERS] = {0};

	if (add_cpu(meter, now) == -1)
		return -1;
	add_switches(meter, now);
	for (unsigned i = 0; i < meter->servers; i++) {
		meter->used[i].cpu_ns = now[i].cpu_ns - meter->used[i].cpu_ns;
		meter->used[i].voluntary = now[i].voluntary - meter->used[i].voluntary;
		meter->used[i].involuntary = now[i].involuntary - meter->used[i].involuntary;
	}
	return 0;
}
