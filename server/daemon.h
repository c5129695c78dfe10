/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of farpaged. All of it belongs to the first thread. */
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
	ev_timer minute; /* for the log's summary */
	struct monitor monitor;
	struct service service;
};

/* -1 after a line in the log. */
int daemon_take_stored(struct daemon *, int fd, const char *name);
/* All configured pools, as they were kept for UID, the user that the daemon will be. */
int daemon_add_pools(struct daemon *, uid_t uid, gid_t gid);
int daemon_add_pool(struct daemon *, const struct pool_spec *);
/* The first of these options' reserved pools that this host may not commit memory to, beside
 * those before it; NULL: it may for all. That less is available at the moment does not
 * matter. */
const char *daemon_no_room(struct daemon *, const struct options *);
#define DAEMON_NO_ROOM "this host may not commit so much memory (vm.overcommit_memory is 2); make " \
	"it smaller or thin, or raise vm.overcommit_ratio"
/* The first thing in NEW that needs a restart, or is not possible now, as a message, in WORDS
 * or elsewhere; or NULL. */
const char *daemon_cannot_change(struct daemon *, const struct options *new,
                                 char words[static WORDS_MAX]);
/* How many descriptors O leaves to connections, beside those of its pools and of everything else.
 * UINT_MAX: any number. */
unsigned daemon_descriptors(const struct options *);
/* Limit connections to that, with room for each pool's owner and a claim. */
void daemon_fit_descriptors(struct daemon *);
struct pressure_rule daemon_rule(const struct options *);
/* Read the configuration again. Either all of it is done, or nothing, and the log says
 * why. */
void daemon_reload(struct daemon *);

/* A service_describe() of the pools that DATA is. */
bool daemon_status(void *data, bool wait, char words[static SERVICE_STATUS_MAX]);

/* Call it first: from now on only the signals that are meant to end the daemon do. SIGHUP and
 * SIGUSR1 take effect when they are watched. */
void signals_ready(void);
void signals_watch(struct daemon *);
/* The daemon ends: a further SIGTERM makes no difference, even when its watcher is gone. */
void signals_ignore(void);
void signals_stop(struct daemon *);

#endif
