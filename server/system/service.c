/* SPDX-License-Identifier: BSD-2-Clause */
/* The service manager, when it is systemd. */
#include "service.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "clock.h"
#include "log.h"

#define STATUS_SECONDS 10.  /* at most so old */
#define LEAST_SECONDS  .05
#define PINGS 4             /* in the time that the watchdog grants */

int service_take_fds(int (*take)(void *data, int fd, const char *name), void *data)
{
	char **names = NULL;
	int n = sd_listen_fds_with_names(1, &names), r = n;

	if (n < 0)
		log_line(LOG_ERROR, "cannot take what the service manager hands over: %s",
		         strerror(-n));
	for (int i = 0; i < n; i++) {
		if (r >= 0 && take(data, SD_LISTEN_FDS_START + i, names[i]) < 0)
			r = -1;
		free(names[i]);
	}
	free(names);
	return r < 0 ? -1 : r;
}

bool service_keeps(void)
{
	return getenv("NOTIFY_SOCKET") != NULL;
}

/* A pool's file never hangs up, whatever poll() says. */
int service_store(const char *name, int fd)
{
	char text[256];

	snprintf(text, sizeof text, "FDSTORE=1\nFDPOLL=0\nFDNAME=" SERVICE_FDS_PREFIX "%s", name);
	int r = sd_pid_notify_with_fds(0, 0, text, &fd, 1);
	if (r >= 0)
		return 0;
	errno = -r;
	return -1;
}

void service_unstore(const char *name)
{
	sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=" SERVICE_FDS_PREFIX "%s", name);
}

/* WAIT is false: a thread that hangs may keep it from being told. */
static void tell_status(struct service *s, bool wait)
{
	char words[SERVICE_STATUS_MAX], status[SERVICE_STATUS_MAX];

	if (!s->describe(s->data, wait, words))
		return;
	int n = snprintf(status, sizeof status, "%s%s%s", words,
	                 *s->wrong ? "; the last reload went wrong: " : "", s->wrong);
	if (n < 0 || strcmp(status, s->status) == 0)
		return;
	strcpy(s->status, status);
	sd_notifyf(0, "STATUS=%s", status);
}

/* Each is asked anew only when all have answered, so that the oldest answer is as
 * young as the last ping. */
static void tell_alive(struct service *s)
{
	for (unsigned i = 0; i < s->loops->n; i++)
		if (!loop_answered(s->loops->loop[i]))
			return;
	sd_notify(0, "WATCHDOG=1");
	for (unsigned i = 0; i < s->loops->n; i++)
		loop_ask(s->loops->loop[i]);
}

static void on_time(struct ev_loop *ev, ev_timer *w, int events)
{
	struct service *s = w->data;

	(void)ev, (void)events;
	if (s->watched)
		tell_alive(s);
	tell_status(s, false);
}

void service_ready(struct service *s, struct loops *loops, service_describe *describe, void *data)
{
	double every = STATUS_SECONDS;
	uint64_t us = 0;

	s->loops = loops;
	s->describe = describe;
	s->data = data;
	s->watched = sd_watchdog_enabled(0, &us) > 0;
	if (s->watched && (double)us / 1e6 / PINGS < every)
		every = (double)us / 1e6 / PINGS;
	if (every < LEAST_SECONDS)
		every = LEAST_SECONDS;
	ev_timer_init(&s->timer, on_time, every, every);
	s->timer.data = s;
	if (sd_notify(0, "READY=1") <= 0)
		return; /* nobody listens */
	tell_status(s, false);
	for (unsigned i = 0; s->watched && i < loops->n; i++)
		loop_ask(loops->loop[i]);
	ev_timer_start(loops->loop[0]->ev, &s->timer);
}

void service_reloading(void)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_us());
}

void service_reloaded(struct service *s, const char *why)
{
	if (s->describe) {
		log_printable(s->wrong, sizeof s->wrong, why ? why : "");
		tell_status(s, true);
	}
	sd_notify(0, "READY=1");
}

void service_stopping(struct service *s)
{
	sd_notify(0, "STOPPING=1");
	if (s->loops)
		ev_timer_stop(s->loops->loop[0]->ev, &s->timer);
}
