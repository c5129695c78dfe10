/* SPDX-License-Identifier: BSD-2-Clause */
/* The service manager: what it hands over, and what we report to it. Without one, or without
 * libsystemd, nothing is handed over and nothing is reported. All of it belongs to the first
 * thread. */
#ifndef FARPAGE_SERVICE_H
#define FARPAGE_SERVICE_H

#include "listen.h"

#define SERVICE_STATUS_MAX 512
#define SERVICE_FDS_PREFIX "pool-" /* of the names of pools' files */

/* What is in use, in words. If WAIT is false, only if that is known at once; else false. */
typedef bool service_describe(void *data, bool wait, char words[static SERVICE_STATUS_MAX]);

struct service {
	struct loops *loops;
	service_describe *describe;
	void *data;     /* for describe */
	ev_timer timer;
	bool watched;   /* the manager expects to hear that the loops live */
	char status[SERVICE_STATUS_MAX];
	char wrong[SERVICE_STATUS_MAX / 2]; /* what went wrong with the last reload, or "" */
};

/* Call TAKE with each descriptor that was handed over, once in the life of the process,
 * and its name ("unknown": it has none); TAKE owns it from then on. If TAKE returns -1, so
 * does this, at once, and the others stay open. While there is only one thread. Returns how
 * many were taken; -1 after a line in the log. */
int service_take_fds(int (*take)(void *data, int fd, const char *name), void *data);

/* Is there a manager that may keep descriptors? It may decline, and does not say so. */
bool service_keeps(void);
/* Have it keep FD for the next farpaged as pool-NAME; and no longer. -1 with errno. */
int service_store(const char *name, int fd);
void service_unstore(const char *name);

/* Report that farpaged serves, and from then on, from the first loop, what DESCRIBE says and that
 * all loops live. A loop that hangs ends these reports. */
void service_ready(struct service *, struct loops *, service_describe *, void *data);
/* Before the configuration is read again, and after: WHY it was refused, or what was not done,
 * which the status shows until all is well; or NULL. */
void service_reloading(void);
void service_reloaded(struct service *, const char *why);
/* Report that farpaged ends, and report no more. Also if it was never ready. */
void service_stopping(struct service *);

#endif
