/* SPDX-License-Identifier: BSD-2-Clause */
/* The file that says which process we are, and that it is one only. */
#ifndef FARPAGE_PID_FILE_H
#define FARPAGE_PID_FILE_H

#include <sys/types.h>

struct pid_file {
	char *path;
	int fd; /* -1: there is none */
};

/* PATH is ours from now on, which we or USER may have made; no link is followed. -1: it was logged
 * why not, as when another farpaged has it. */
int pid_file_hold(struct pid_file *, const char *path, uid_t user);
/* Whoever waits for it may connect. -1: it was logged why not. */
int pid_file_write(const struct pid_file *);
void pid_file_remove(struct pid_file *);

#endif
