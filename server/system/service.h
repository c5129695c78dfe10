/* SPDX-License-Identifier: BSD-2-Clause */
/* The service manager: what it hands over and what it is told. Without one, or
 * built without libsystemd, nothing is handed over and nobody is told. All of it
 * belongs to the first thread. */
#ifndef FARPAGE_SERVICE_H
#define FARPAGE_SERVICE_H

#include "listen.h"

#define SERVICE_STATUS_MAX 512
#define SERVICE_FDS_PREFIX "pool-" /* of the names of pools' files */

/* What is in use, in words. WAIT is false: only if it can be told at once, or false. */
typedef bool service_describe(void *data, bool wait, char words[static SERVICE_STATUS_MAX]);

struct service {
	struct loops *loops;
	service_describe *describe;
	void *data;     /* its */
	ev_timer timer;
	bool watched;   /* the manager wants to hear that the loops live */
	char status[SERVICE_STATUS_MAX];
	char wrong[SERVICE_STATUS_MAX / 2]; /* what was, with the last reload, or "" */
};

/* TAKE gets each descriptor that was handed over, once in the life of the
 * process, with its name ("unknown": it has none), and owns it from then on. If
 * TAKE returns -1, so does this, at once, and the others stay open. While there
 * is one thread only. Returns how many were taken; -1: it was logged why. */
int service_take_fds(int (*take)(void *data, int fd, const char *name), void *data);

/* Is there a manager, to keep what it is given? It may decline, and does not say. */
bool service_keeps(void);
/* It keeps FD for the next farpaged as pool-NAME; no more. -1 with errno. */
int service_store(const char *name, int fd);
void service_unstore(const char *name);

/* Tell that it serves, and from then on, from the first loop, what DESCRIBE says and
 * that all the loops live: one that no longer comes round ends that. */
void service_ready(struct service *, struct loops *, service_describe *, void *data);
/* Before the configuration is read again, and after: WHY it was refused, or what is not done,
 * which its status says until all is well; or NULL. */
void service_reloading(void);
void service_reloaded(struct service *, const char *why);
/* Tell that it ends, and tell no more. Also when it was never ready. */
void service_stopping(struct service *);

#endif
