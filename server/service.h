/* SPDX-License-Identifier: BSD-2-Clause */
/* The service manager: what it hands over. Without one, or built without
 * libsystemd, that is nothing. */
#ifndef FARPAGE_SERVICE_H
#define FARPAGE_SERVICE_H

/* TAKE gets each descriptor that was handed over, once in the life of the
 * process, with its name ("unknown": it has none), and owns it from then on. If
 * TAKE returns -1, so does this, at once, and the others stay open. While there
 * is one thread only. Returns how many were taken; -1: it was logged why. */
int service_take_fds(int (*take)(void *data, int fd, const char *name), void *data);

#endif
