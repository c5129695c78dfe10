/* SPDX-License-Identifier: BSD-2-Clause */
/* The file with our process id, which also makes sure that there is only one of us. */
#ifndef FARPAGE_PID_FILE_H
#define FARPAGE_PID_FILE_H

#include <sys/types.h>

struct pid_file {
	char *path;
	int fd; /* -1: there is none */
};

/* Take PATH, which must be ours or USER's; follows no link. -1 after a line in the log, as when
 * another farpaged has it. */
int pid_file_hold(struct pid_file *, const char *path, uid_t user);
/* Write it: clients may connect from now on. -1 after a line in the log. */
int pid_file_write(const struct pid_file *);
void pid_file_remove(struct pid_file *);

#endif
