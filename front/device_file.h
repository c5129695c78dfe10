/* SPDX-License-Identifier: BSD-2-Clause */
/* A file that says which device is ours, for scripts and for udev's rules. */
#ifndef FARPAGE_FRONT_DEVICE_FILE_H
#define FARPAGE_FRONT_DEVICE_FILE_H

/* Make PATH anew, with a line of WHERE and our number. -1 with errno. */
int device_file_write(const char *path, const char *where);
void device_file_remove(const char *path);

#endif
