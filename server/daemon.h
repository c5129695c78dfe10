/* SPDX-License-Identifier: BSD-2-Clause */
/* What farpaged is made of. All of it belongs to the first thread. */
#ifndef FARPAGE_DAEMON_H
#define FARPAGE_DAEMON_H

#include "listen.h"
#include "options.h"
#include "pid_file.h"
#include "service.h"
#include "stats.h"
#include "monitor.h"

struct daemon {
	int argc;
	char **argv;
	uint64_t default_lend; /* as it was at the start */
	struct options options;
	struct pools pools;
	struct limits limits;
	struct budget budget;
	struct state *stored; /* what the service manager kept, or NULL */
	struct loops loops;
	int passed[OPTIONS_LISTEN_MAX]; /* sockets to listen on, from the service manager */
	unsigned passed_n;
	struct listener *listener[OPTIONS_LISTEN_MAX];
	struct pid_file pid_file;
	struct stats *stats;
	ev_signal term, interrupt, hangup, tell;
	ev_timer minute; /* after which the log sums up */
	struct monitor monitor;
	struct service service;
};

/* -1: it was logged why not. */
int daemon_take_stored(struct daemon *, int fd, const char *name);
/* All that are wanted, as they were kept for UID; who the daemon will be. */
int daemon_add_pools(struct daemon *, uid_t uid, gid_t gid);
int daemon_add_pool(struct daemon *, const struct pool_spec *);
/* The first of these options' pools that are not thin which this host may not commit memory
 * to, beside those before it; NULL: all can be had. That less is available just now is no
 * reason. */
const char *daemon_no_room(struct daemon *, const struct options *);
#define DAEMON_NO_ROOM "this host may not commit so much memory (vm.overcommit_memory is 2); make " \
	"it smaller or thin, or raise vm.overcommit_ratio"
/* The first thing in NEW that cannot be had without a restart, or not now, in WORDS or others;
 * or NULL. */
const char *daemon_cannot_change(struct daemon *, const struct options *new,
                                 char words[static WORDS_MAX]);
/* Descriptors that O leaves to connections: its pools and all that is none have theirs, whoever
 * connects. UINT_MAX: any number. */
unsigned daemon_descriptors(const struct options *);
/* No more connections than that, and room in them for each pool's owner and a claim. */
void daemon_fit_descriptors(struct daemon *);
struct pressure_rule daemon_rule(const struct options *);
/* Read the configuration again: either all of it is done, or nothing, and it is
 * logged why. */
void daemon_reload(struct daemon *);

/* A service_describe() of the pools that DATA is. */
bool daemon_status(void *data, bool wait, char words[static SERVICE_STATUS_MAX]);

/* Before all else: no signal but those that end it ends it. What SIGHUP and SIGUSR1 ask for
 * from now on is done as soon as they are watched. */
void signals_ready(void);
void signals_watch(struct daemon *);
/* It ends: another SIGTERM makes no difference any more, also when its watcher is gone. */
void signals_ignore(void);
void signals_stop(struct daemon *);

#endif
