/* SPDX-License-Identifier: BSD-2-Clause */
/* farpaged: the lender's daemon. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "listen.h"
#include "log.h"
#include "options.h"
#include "size.h"

struct daemon {
	int argc;
	char **argv;
	uint64_t default_lend; /* as it was at the start */
	struct options options;
	struct pools pools;
	struct loops loops;
	struct listener *listener[OPTIONS_LISTEN_MAX];
	int pid_fd;
	ev_signal term, interrupt, hangup;
};

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

static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* -1: the file cannot be had, or another farpaged has it. */
static int write_pid(const char *path)
{
	char text[32];
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	int n = snprintf(text, sizeof text, "%d\n", (int)getpid());

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || ftruncate(fd, 0) < 0 ||
	    write(fd, text, (size_t)n) != n) {
		log_line(LOG_ERROR, "cannot write pid-file %s: %s", path,
		         errno == EWOULDBLOCK ? "another farpaged holds it" : strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static int add_pool(struct daemon *d, const struct pool_spec *spec)
{
	char words[POOL_WORDS_MAX], size[32];

	if (pool_add(&d->pools, spec->name, spec->size, spec->thin, words) < 0) {
		log_line(LOG_ERROR, "%s", words);
		return -1;
	}
	size_format(spec->size, size);
	log_line(LOG_INFO, "pool %s: %s%s", spec->name, size, spec->thin ? ", thin" : "");
	if (!pool_find(&d->pools, spec->name)->locked)
		log_line(LOG_WARN, "pool %s: cannot lock its memory; this host may swap it out; "
		         "run with CAP_IPC_LOCK or LimitMEMLOCK=infinity", spec->name);
	return 0;
}

static const struct pool_spec *find_spec(const struct options *o, const char *name)
{
	for (unsigned i = 0; i < o->pools; i++)
		if (strcmp(o->pool[i].name, name) == 0)
			return &o->pool[i];
	return NULL;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_listen(const struct options *a, const struct options *b)
{
	if (a->listens != b->listens)
		return false;
	for (unsigned i = 0; i < a->listens; i++)
		if (!same_text(a->listen[i], b->listen[i]))
			return false;
	return true;
}

/* The first of NEW's pools that does not fit into what is lent, with what thin
 * ones hold just now; or NULL. */
static const char *does_not_fit(struct daemon *d, const struct options *new)
{
	uint64_t granted = atomic_load(&d->pools.granted_pages) << PAGE_SHIFT;
	struct pool *pool;

	TAILQ_FOREACH(pool, &d->pools.list, link)
		if (!pool->thin)
			granted -= pool->size;
		else if (!find_spec(new, pool->name))
			granted -= atomic_load(&pool->used_pages) << PAGE_SHIFT;
	for (unsigned i = 0; i < new->pools; i++) {
		if (!new->pool[i].thin)
			granted += new->pool[i].size;
		if (granted > new->lend)
			return new->pool[i].name;
	}
	return NULL;
}

/* The first thing in NEW that cannot be had without a restart, or NULL. */
static const char *cannot_change(struct daemon *d, const struct options *new)
{
	static char words[256];
	const struct options *old = &d->options;
	struct pool *pool;

	if (!same_listen(old, new))
		return "listen cannot change while it runs";
	if (old->threads != new->threads)
		return "threads cannot change while it runs";
	if (old->busy_poll_us != new->busy_poll_us)
		return "busy-poll cannot change while it runs";
	if (!same_text(old->pid_file, new->pid_file))
		return "pid-file cannot change while it runs";
	if (old->log_level != new->log_level)
		return "log-level cannot change while it runs";
	if (old->lend != new->lend)
		return "lend cannot change while it runs";
	TAILQ_FOREACH(pool, &d->pools.list, link) {
		const struct pool_spec *spec = find_spec(new, pool->name);
		const char *why = !spec && !pool_idle(pool)        ? "is in use and cannot be removed"
		                  : spec && spec->size < pool->size ? "cannot shrink"
		                  : spec && spec->thin != pool->thin ? "cannot change to or from thin"
		                                                     : NULL;
		if (why) {
			snprintf(words, sizeof words, "pool %s %s", pool->name, why);
			return words;
		}
	}
	const char *name = does_not_fit(d, new);
	if (!name)
		return NULL;
	snprintf(words, sizeof words, "pool %s does not fit into what is lent, beside what thin "
	         "pools hold; make it smaller or thin", name);
	return words;
}

/* Pages that NEW's pools need beyond what the present ones have. */
static uint64_t more_pages(struct daemon *d, const struct options *new)
{
	uint64_t need = 0, have = 0;
	struct pool *pool;

	for (unsigned i = 0; i < new->pools; i++)
		need += new->pool[i].thin ? 0 : new->pool[i].size >> PAGE_SHIFT;
	TAILQ_FOREACH(pool, &d->pools.list, link)
		if (!pool->thin)
			have += pool->size >> PAGE_SHIFT;
		else if (!find_spec(new, pool->name))
			have += atomic_load(&pool->used_pages);
	return need > have ? need - have : 0;
}

/* All was checked and what it needs is held, so that only a lack of memory can
 * stop this half way. */
static void change_pools(struct daemon *d, const struct options *new)
{
	char words[POOL_WORDS_MAX];
	struct pool *pool, *next;

	for (pool = TAILQ_FIRST(&d->pools.list); pool; pool = next) {
		next = TAILQ_NEXT(pool, link);
		if (find_spec(new, pool->name))
			continue;
		log_line(LOG_INFO, "pool %s: removed", pool->name);
		if (pool_remove(pool, words) < 0)
			log_line(LOG_ERROR, "%s", words);
	}
	for (unsigned i = 0; i < new->pools; i++) {
		const struct pool_spec *spec = &new->pool[i];

		pool = pool_find(&d->pools, spec->name);
		if (!pool)
			add_pool(d, spec);
		else if (spec->size > pool->size && pool_grow(pool, spec->size, words) < 0)
			log_line(LOG_ERROR, "%s", words);
	}
}

static void reload(struct daemon *d)
{
	char words[OPTIONS_WORDS_MAX];
	struct options new;
	const char *why;

	if (options_read(&new, d->argc, d->argv, d->default_lend, words) != OPTIONS_OK) {
		log_line(LOG_ERROR, "nothing changed: %s", words);
		options_free(&new);
		return;
	}
	if (!new.config)
		why = "no --config file to read again";
	else {
		pthread_mutex_lock(&d->pools.lock);
		why = cannot_change(d, &new);
		if (!why && !pools_hold(&d->pools, more_pages(d, &new)))
			why = "the thin pools have just taken what the new ones need";
		if (!why) {
			change_pools(d, &new);
			pools_release(&d->pools);
		}
		pthread_mutex_unlock(&d->pools.lock);
	}
	if (why) {
		log_line(LOG_ERROR, "nothing changed: %s", why);
		options_free(&new);
		return;
	}
	options_free(&d->options);
	d->options = new;
	log_line(LOG_INFO, "configuration read again");
}

static void on_hangup(struct ev_loop *ev, ev_signal *w, int events)
{
	(void)ev, (void)events;
	reload(w->data);
}

static void on_end(struct ev_loop *ev, ev_signal *w, int events)
{
	struct daemon *d = w->data;

	(void)ev, (void)events;
	log_line(LOG_INFO, "ending");
	for (unsigned i = 0; i < d->loops.n; i++)
		loop_stop(d->loops.loop[i]);
}

static void watch_signals(struct daemon *d)
{
	struct ev_loop *ev = d->loops.loop[0]->ev;

	ev_signal_init(&d->term, on_end, SIGTERM);
	ev_signal_init(&d->interrupt, on_end, SIGINT);
	ev_signal_init(&d->hangup, on_hangup, SIGHUP);
	d->term.data = d->interrupt.data = d->hangup.data = d;
	ev_signal_start(ev, &d->term);
	ev_signal_start(ev, &d->interrupt);
	ev_signal_start(ev, &d->hangup);
}

static void *run_loop(void *loop)
{
	loop_run(loop);
	return NULL;
}

static int make_loops(struct daemon *d)
{
	unsigned n = d->options.threads;

	d->loops.loop = calloc(n, sizeof *d->loops.loop);
	if (!d->loops.loop)
		return -1;
	for (; d->loops.n < n; d->loops.n++) {
		struct ev_loop *ev = d->loops.n ? ev_loop_new(EVFLAG_AUTO)
		                                : ev_default_loop(EVFLAG_AUTO);
		d->loops.loop[d->loops.n] = loop_new(ev, &d->pools);
		if (!d->loops.loop[d->loops.n])
			return -1;
		d->loops.loop[d->loops.n]->busy_poll = d->options.busy_poll_us / 1e6;
	}
	return 0;
}

/* Signals go to the first loop only. */
static int run_loops(struct daemon *d)
{
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
	if (r == 0)
		loop_run(d->loops.loop[0]);
	for (unsigned i = 1; i < started; i++) {
		loop_stop(d->loops.loop[i]);
		pthread_join(d->loops.loop[i]->thread, NULL);
	}
	return r ? -1 : 0;
}

static int start(struct daemon *d)
{
	char words[LISTEN_WORDS_MAX];

	raise_descriptors();
	/* Before the pools, which lock themselves: it may have to take it back. */
	lock_memory();
	pools_init(&d->pools, d->options.lend);
	for (unsigned i = 0; i < d->options.pools; i++)
		if (add_pool(d, &d->options.pool[i]) < 0)
			return -1;
	if (make_loops(d) < 0) {
		log_line(LOG_ERROR, "cannot make an event loop: %s", strerror(errno));
		return -1;
	}
	watch_signals(d);
	for (unsigned i = 0; i < d->options.listens; i++) {
		d->listener[i] = listen_on(d->options.listen[i], &d->loops, words);
		if (!d->listener[i]) {
			log_line(LOG_ERROR, "%s", words);
			return -1;
		}
	}
	/* Last: who waits for it may connect. */
	if (d->options.pid_file && (d->pid_fd = write_pid(d->options.pid_file)) < 0)
		return -1;
	return 0;
}

static void stop(struct daemon *d)
{
	for (unsigned i = 0; i < OPTIONS_LISTEN_MAX; i++)
		listen_close(d->listener[i]);
	if (d->pid_fd >= 0) {
		unlink(d->options.pid_file);
		close(d->pid_fd);
	}
	for (unsigned i = d->loops.n; i-- > 0; ) {
		if (i == 0) {
			ev_signal_stop(d->loops.loop[0]->ev, &d->term);
			ev_signal_stop(d->loops.loop[0]->ev, &d->interrupt);
			ev_signal_stop(d->loops.loop[0]->ev, &d->hangup);
		}
		loop_free(d->loops.loop[i]);
	}
	free(d->loops.loop);
	pools_free(&d->pools);
}

int main(int argc, char **argv)
{
	struct daemon d = { .argc = argc, .argv = argv, .pid_fd = -1,
	                    .default_lend = options_default_lend() };
	char words[OPTIONS_WORDS_MAX];
	int status = EXIT_SUCCESS;

	signal(SIGPIPE, SIG_IGN); /* of the log */
	switch (options_read(&d.options, argc, argv, d.default_lend, words)) {
	case OPTIONS_DONE:
		break;
	case OPTIONS_BAD:
		fprintf(stderr, "farpaged: error: %s\n", words);
		status = EXIT_FAILURE;
		break;
	case OPTIONS_OK:
		log_level = d.options.log_level;
		if (d.options.check_config) {
			puts("farpaged: the configuration is fine");
			break;
		}
		if (start(&d) < 0 || run_loops(&d) < 0)
			status = EXIT_FAILURE;
		stop(&d);
	}
	options_free(&d.options);
	return status;
}
