/* SPDX-License-Identifier: BSD-2-Clause */
#include "front.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "notify.h"
#include "warn.h"

static void front_done(void *request, int error)
{
	face_answer(request, error);
}

static void front_submit(void *user, struct face_request *r)
{
	static const enum farpage_verb verbs[] = {
		[FACE_GET] = FARPAGE_GET, [FACE_PUT] = FARPAGE_PUT, [FACE_FLUSH] = FARPAGE_FLUSH,
	};
	struct front *f = user;
	struct farpage_run *run = r->user;

	if (!run)
		r->user = run = &f->run[f->runs++];
	*run = (struct farpage_run){ r->page, r->pages, r->data };
	f->due = true;
	if (farpage_submit(f->farpage, verbs[r->verb], run, 1, front_done, r) < 0)
		face_answer(r, errno);
}

static void front_started(void *user, const char *why)
{
	struct front *f = user;

	if (why) {
		warn("%s", why);
		return;
	}
	notify_ready(f->face->where, farpage_size(f->farpage));
	lines_put("%s is there: %llu MiB", f->face->where,
	          (unsigned long long)farpage_size(f->farpage) >> 20);
}

static void front_ended(void *user, const char *why)
{
	struct front *f = user;

	if (why)
		warn("%s", why);
	f->failed = why;
	ev_break(f->loop, EVBREAK_ALL);
}

static const struct face_owner owner = { front_submit, front_started, front_ended };

static void on_farpage(struct ev_loop *loop, ev_io *w, int events)
{
	struct front *f = w->data;

	(void)loop, (void)events;
	f->due = true;
}

/* Once for all that came, and before the face sends its answers. */
static void before_sleep(struct ev_loop *loop, ev_prepare *w, int events)
{
	struct front *f = w->data;

	(void)loop, (void)events;
	if (!f->due)
		return;
	f->due = false;
	farpage_process(f->farpage);
}

/* While somebody uses the device, its pages are nowhere else. */
static void on_signal(struct ev_loop *loop, ev_io *w, int events)
{
	struct front *f = w->data;
	struct signalfd_siginfo info;
	char words[WORDS_MAX];
	bool force;

	(void)loop, (void)events;
	if (read(w->fd, &info, sizeof info) != sizeof info)
		return;
	force = info.ssi_signo == SIGQUIT;
	if (!force && f->face->ops->in_use(f->face, words)) {
		warn("not ending: %s; its pages would be lost. To end all the same: kill -QUIT %d", words, getpid());
		return;
	}
	notify_stopping();
	f->face->ops->stop(f->face, force);
}

static int watch(struct front *f)
{
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGQUIT);
	f->signals = signalfd(-1, &ends, SFD_NONBLOCK | SFD_CLOEXEC);
	if (f->signals < 0) {
		warn("cannot wait for signals: %s", strerror(errno));
		return -1;
	}
	ev_io_init(&f->came, on_farpage, farpage_fd(f->farpage), EV_READ);
	ev_io_init(&f->signalled, on_signal, f->signals, EV_READ);
	ev_prepare_init(&f->sleep, before_sleep);
	ev_set_priority(&f->sleep, EV_MAXPRI);
	f->came.data = f->signalled.data = f->sleep.data = f;
	ev_io_start(f->loop, &f->came);
	ev_io_start(f->loop, &f->signalled);
	ev_prepare_start(f->loop, &f->sleep);
	return 0;
}

static int open_face(struct front *f, const struct face_ops *ops)
{
	const struct face_terms terms = { .pages = farpage_size(f->farpage) / PAGE_BYTES, .device = -1 };
	char words[WORDS_MAX];

	f->face = ops->open(f->loop, &terms, &owner, f, words);
	if (!f->face)
		lines_put("error: %s", words);
	return f->face ? 0 : -1;
}

static int start(struct front *f)
{
	char words[WORDS_MAX];

	if (f->face->ops->start(f->face, words) == 0)
		return 0;
	lines_put("error: %s", words);
	return -1;
}

int front_run(struct front *f, struct farpage *farpage, const struct face_ops *ops, void (*lock)(void *), void *data)
{
	int r = -1;

	*f = (struct front){ .farpage = farpage, .signals = -1, .due = true };
	f->loop = ev_loop_new(EVFLAG_NOSIGMASK);
	if (!f->loop) {
		lines_put("error: no event loop: %s", strerror(errno));
		return -1;
	}
	if (open_face(f, ops) == 0) {
		if (watch(f) == 0) {
			lock(data);
			r = start(f);
			if (r == 0) {
				ev_run(f->loop, 0);
				r = f->failed ? -1 : 0;
			}
		}
		f->face->ops->close(f->face);
	}
	if (f->signals >= 0)
		close(f->signals);
	ev_loop_destroy(f->loop);
	return r;
}
