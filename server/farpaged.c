/* SPDX-License-Identifier: BSD-2-Clause */
/* farpaged: the lender's daemon. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon.h"
#include "descriptors.h"
#include "door.h"
#include "filter.h"
#include "lend.h"
#include "log.h"
#include "path.h"
#include "privilege.h"
#include "serve.h"
#include "standard.h"
#include "state.h"

/* Memory of this size goes back to the host when it is freed: only clients that take no
 * replies have us use so much. */
#define LARGE_BYTES (32 << 10)
/* Open files that are neither connections nor pools, with some to spare. */
#define OWN_DESCRIPTORS 64

/* With MCL_FUTURE and too low a limit, every later mmap fails: does one? */
static bool can_map(void)
{
	struct rlimit limit = {0};
	void *p;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
		return true;
	p = mmap(NULL, limit.rlim_cur + 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p != MAP_FAILED)
		munmap(p, limit.rlim_cur + 4096);
	return p != MAP_FAILED;
}

/* No page of ours may wait for the swap that we are. */
static void lock_memory(void)
{
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0) {
		if (can_map())
			return;
		munlockall();
		errno = EPERM;
	}
	log_line(LOG_WARN, "cannot lock memory (%s): this host may swap out pages that it lends; "
	         "run with CAP_IPC_LOCK or LimitMEMLOCK=infinity", strerror(errno));
}

/* libev has no other way to tell that it cannot go on. */
static void on_ev_error(const char *what)
{
	char words[WORDS_MAX];

	log_line(LOG_ERROR, "%s: %s", what, descriptors_words(errno, words));
	exit(EXIT_FAILURE);
}

static void *run_loop(void *loop)
{
	loop_run(loop);
	return NULL;
}

static int make_loops(struct daemon *d)
{
	unsigned n = d->options.threads;

	ev_set_syserr_cb(on_ev_error);
	d->loops.loop = calloc(n, sizeof *d->loops.loop);
	if (!d->loops.loop)
		return -1;
	for (; d->loops.n < n; d->loops.n++) {
		struct ev_loop *ev = d->loops.n ? ev_loop_new(EVFLAG_AUTO)
		                                : ev_default_loop(EVFLAG_AUTO);
		d->loops.loop[d->loops.n] = serve_new(ev, &d->loops.shared);
		if (!d->loops.loop[d->loops.n])
			return -1;
	}
	return 0;
}

/* Signals go to the first loop only. */
static int run_loops(struct daemon *d)
{
	char words[WORDS_MAX];
	sigset_t all, before;
	unsigned started = 1;
	int r = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	for (; started < d->loops.n; started++) {
		struct loop *loop = d->loops.loop[started];

		r = pthread_create(&loop->thread, NULL, run_loop, loop);
		if (r) {
			log_line(LOG_ERROR, "cannot start a thread: %s", strerror(r));
			break;
		}
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r == 0 && d->options.seccomp && (r = filter_install(words)) < 0)
		log_line(LOG_ERROR, "%s", words);
	if (r == 0) {
		service_ready(&d->service, &d->loops, daemon_status, &d->pools);
		loop_run(d->loops.loop[0]);
	}
	for (unsigned i = 1; i < started; i++) {
		if (r)
			loop_stop(d->loops.loop[i]);
		pthread_join(d->loops.loop[i]->thread, NULL);
	}
	return r ? -1 : 0;
}

static void warn_of_shortage(const struct daemon *d)
{
	uint64_t available = d->monitor.seen.available, keep = d->options.keep_free;
	uint64_t left = available > keep ? available - keep : 0;

	if (available != UINT64_MAX && d->options.lend > left)
		log_line(LOG_WARN, "lend is %" PRIu64 " MiB, but of the %" PRIu64 " MiB that are "
		         "available now only %" PRIu64 " MiB are left beside keep-free, so not all "
		         "that is lent can be used; lower lend or keep-free",
		         d->options.lend >> 20, available >> 20, left >> 20);
}

/* NULL: it was said why. */
static struct tls *load_tls(const struct options *o)
{
	char words[WORDS_MAX];
	struct tls *tls = tls_new(o->tls_certificates, o->tls_psk, words);

	if (!tls)
		log_line(LOG_ERROR, "no TLS: %s", words);
	return tls;
}

static int check(const struct options *o)
{
	struct tls *tls = o->tls == TLS_OFF ? NULL : load_tls(o);
	if (o->tls != TLS_OFF && !tls)
		return -1;
	tls_free(tls);
	puts("farpaged: the configuration is fine");
	return 0;
}

unsigned daemon_descriptors(const struct options *o)
{
	unsigned own = OWN_DESCRIPTORS + 4 * o->threads + 2 * o->pools;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > UINT_MAX)
		return UINT_MAX;
	return limit.rlim_cur > own ? (unsigned)limit.rlim_cur - own : 0;
}

void daemon_fit_descriptors(struct daemon *d)
{
	unsigned left = daemon_descriptors(&d->options), was = d->limits.most;

	if (left == UINT_MAX)
		return;
	limits_fit(&d->limits, left ? left : 1, 2 * d->options.pools);
	if (d->limits.most < was)
		log_line(LOG_WARN, "max-connections is %u, but the limit of open files leaves "
		         "room for only %u; raise LimitNOFILE or ulimit -n",
		         d->options.max_connections, d->limits.most);
}

/* What the connections of all loops share. */
static int share(struct daemon *d)
{
	const struct options *o = &d->options;

	limits_init(&d->limits, o->max_connections, o->max_per_address, o->max_per_identity);
	daemon_fit_descriptors(d);
	d->loops.shared = (struct shared){ .backend = door_to(&d->pools), .limits = &d->limits,
	                                   .budget = &d->budget,
	                                   .tls_mode = o->tls,
	                                   .busy_poll_ns = o->busy_poll_us * UINT64_C(1000),
	                                   .dead_after = o->dead_after_s };
	d->loops.exposed = o->allow_plaintext || o->tls == TLS_REQUIRE;
	if (o->tls == TLS_OFF)
		return 0;
	d->loops.shared.tls = load_tls(o);
	return d->loops.shared.tls ? 0 : -1;
}

static int take_passed(void *data, int fd, const char *name)
{
	struct daemon *d = data;

	if (strncmp(name, SERVICE_FDS_PREFIX, strlen(SERVICE_FDS_PREFIX)) == 0)
		return daemon_take_stored(d, fd, name);
	if (d->passed_n == OPTIONS_LISTEN_MAX) {
		log_line(LOG_ERROR, "the service manager handed over more than %d sockets; "
		         "one too many is %s", OPTIONS_LISTEN_MAX, name);
		return -1;
	}
	d->passed[d->passed_n++] = fd;
	return 0;
}

/* Where the service manager listens for us, or else where we are told to. */
static int start_listening(struct daemon *d)
{
	unsigned n = d->passed_n ? d->passed_n : d->options.listens;
	char words[WORDS_MAX];

	if (d->passed_n)
		log_line(LOG_INFO, "the service manager handed over %u socket%s: listen is not used",
		         n, n == 1 ? "" : "s");
	for (unsigned i = 0; i < n; i++) {
		d->listener[i] = d->passed_n ? listen_adopt(d->passed[i], &d->loops, words)
		                             : listen_on(d->options.listen[i], &d->loops, words);
		if (!d->listener[i]) {
			log_line(LOG_ERROR, "%s", words);
			return -1;
		}
	}
	return 0;
}

static int start_stats(struct daemon *d)
{
	if (!d->options.stats)
		return 0;
	d->stats = stats_open(d->loops.loop[0]->ev, d->options.stats, d->loops.owner, &d->pools, &d->limits);
	if (!d->stats)
		log_line(LOG_ERROR, "cannot serve figures on %s: %s", d->options.stats,
		         strerror(errno));
	return d->stats ? 0 : -1;
}

static int start(struct daemon *d)
{
	char words[WORDS_MAX], why[WORDS_MAX];
	struct privilege privilege;
	struct unix_owner owner;

	if (service_take_fds(take_passed, d) < 0)
		return -1;
	if (privilege_prepare(&privilege, d->options.user, words) < 0) {
		log_line(LOG_ERROR, "%s", words);
		return -1;
	}
	descriptors_raise();
	/* Before the pools, which lock themselves: it may have to take it back. */
	lock_memory();
	pools_init(&d->pools, 0);
	if (daemon_add_pools(d, privilege.change ? privilege.uid : geteuid(),
	                     privilege.change ? privilege.gid : getegid()) < 0 ||
	    share(d) < 0)
		return -1;
	if (make_loops(d) < 0) {
		log_line(LOG_ERROR, "cannot make an event loop: %s", descriptors_words(errno, why));
		return -1;
	}
	signals_watch(d);
	struct pressure_rule rule = daemon_rule(&d->options);
	monitor_start(&d->monitor, d->loops.loop[0]->ev, &d->pools, &rule);
	warn_of_shortage(d);
	owner = (struct unix_owner){ privilege.uid, privilege.gid };
	d->loops.owner = privilege.change ? &owner : NULL;
	d->loops.listen = d->options.listen;
	d->loops.listens = d->options.listens;
	if (start_listening(d) < 0 || start_stats(d) < 0)
		return -1;
	d->loops.owner = NULL;
	d->loops.listens = 0;
	/* In a directory that others can change root makes no file: the user does, or cannot. */
	const char *path = d->options.pid_file;
	bool as_root = path && (!privilege.change || path_is_roots(path));
	if (as_root && pid_file_hold(&d->pid_file, path, privilege.uid) < 0)
		return -1;
	if (privilege_drop(&privilege, words) < 0) {
		log_line(LOG_ERROR, "%s", words);
		return -1;
	}
	if (path && !as_root && pid_file_hold(&d->pid_file, path, privilege.uid) < 0)
		return -1;
	/* Last: who waits for it may connect. */
	return pid_file_write(&d->pid_file);
}

static void stop(struct daemon *d)
{
	signals_ignore();
	for (unsigned i = 0; i < OPTIONS_LISTEN_MAX; i++)
		listen_close(d->listener[i]);
	pid_file_remove(&d->pid_file);
	stats_close(d->stats);
	for (unsigned i = d->loops.n; i-- > 0; ) {
		if (i == 0) {
			signals_stop(d);
			monitor_stop(&d->monitor);
		}
		loop_free(d->loops.loop[i]);
	}
	free(d->loops.loop);
	log_summary();
	tls_free(d->loops.shared.tls);
	limits_free(&d->limits);
	pools_free(&d->pools);
	if (d->stored && d->stored != d->pools.state)
		d->stored->ops->close(d->stored);
	if (d->pools.state)
		d->pools.state->ops->close(d->pools.state);
}

int main(int argc, char **argv)
{
	struct daemon d = { .argc = argc, .argv = argv, .pid_file = { .fd = -1 } };
	char words[WORDS_MAX];
	int status = EXIT_SUCCESS;

	if (standard_fill() < 0) {
		fprintf(stderr, "farpaged: error: standard input, output or error is closed, and "
		        "/dev/null cannot take its place: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	log_open();
	d.default_lend = options_default_lend();
	signals_ready();
	mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
	switch (options_read(&d.options, argc, argv, words)) {
	case OPTIONS_DONE:
		break;
	case OPTIONS_BAD:
		log_line(LOG_ERROR, "%s", words);
		status = EXIT_FAILURE;
		break;
	case OPTIONS_OK:
		log_level = d.options.log_level;
		/* Otherwise it is settled when it is known what was left. */
		if ((d.options.lend || d.options.check_config) &&
		    options_settle(&d.options, d.default_lend, words) < 0) {
			log_line(LOG_ERROR, "%s", words);
			status = EXIT_FAILURE;
			break;
		}
		if (d.options.check_config) {
			status = check(&d.options) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
			break;
		}
		if (start(&d) < 0 || run_loops(&d) < 0)
			status = EXIT_FAILURE;
		stop(&d);
	}
	options_free(&d.options);
	return status;
}
