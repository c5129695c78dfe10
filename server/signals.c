/* SPDX-License-Identifier: BSD-2-Clause */
/* What farpaged does on signals, and each minute. */
#include <signal.h>

#include "daemon.h"
#include "log.h"

static void mask(int how)
{
	sigset_t asked;

	sigemptyset(&asked);
	sigaddset(&asked, SIGHUP);
	sigaddset(&asked, SIGUSR1);
	pthread_sigmask(how, &asked, NULL);
}

/* A pool that grows beyond what a file may be, or a log that does, is an error where it is, and
 * no reason to end with all pages. */
void signals_ready(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	mask(SIG_BLOCK);
}

static void on_hangup(struct ev_loop *ev, ev_signal *w, int events)
{
	(void)ev, (void)events;
	daemon_reload(w->data);
}

static void on_tell(struct ev_loop *ev, ev_signal *w, int events)
{
	struct daemon *d = w->data;

	(void)ev, (void)events;
	monitor_log(&d->monitor);
	log_summary();
}

static void on_minute(struct ev_loop *ev, ev_timer *w, int events)
{
	(void)ev, (void)w, (void)events;
	log_summary();
}

static void on_end(struct ev_loop *ev, ev_signal *w, int events)
{
	struct daemon *d = w->data;

	(void)ev, (void)events;
	log_line(LOG_INFO, "ending");
	service_stopping(&d->service);
	for (unsigned i = 0; i < OPTIONS_LISTEN_MAX; i++) {
		listen_close(d->listener[i]);
		d->listener[i] = NULL;
	}
	for (unsigned i = 0; i < d->loops.n; i++)
		loop_stop(d->loops.loop[i]);
}

static void watch(struct ev_loop *ev, ev_signal *w, void (*on)(struct ev_loop *, ev_signal *, int),
                  int number, struct daemon *d)
{
	ev_signal_init(w, on, number);
	w->data = d;
	ev_signal_start(ev, w);
}

void signals_watch(struct daemon *d)
{
	struct ev_loop *ev = d->loops.loop[0]->ev;

	watch(ev, &d->term, on_end, SIGTERM, d);
	watch(ev, &d->interrupt, on_end, SIGINT, d);
	watch(ev, &d->hangup, on_hangup, SIGHUP, d);
	watch(ev, &d->tell, on_tell, SIGUSR1, d);
	ev_timer_init(&d->minute, on_minute, 60., 60.);
	ev_timer_start(ev, &d->minute);
	mask(SIG_UNBLOCK);
}

void signals_ignore(void)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
}

void signals_stop(struct daemon *d)
{
	struct ev_loop *ev = d->loops.loop[0]->ev;

	ev_signal_stop(ev, &d->term);
	ev_signal_stop(ev, &d->interrupt);
	ev_signal_stop(ev, &d->hangup);
	ev_signal_stop(ev, &d->tell);
	ev_timer_stop(ev, &d->minute);
}
