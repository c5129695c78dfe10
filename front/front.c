/* SPDX-License-Identifier: BSD-2-Clause */
#include "front.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "device_file.h"
#include "face_nbd.h"
#include "log.h"
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
	ev_idle_start(f->loop, &f->due);
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

static bool front_look(void *user, uint64_t page, uint64_t *n)
{
	return farpage_look(((struct front *)user)->farpage, page, n) > 0;
}

static const struct face_owner owner = { front_submit, front_started, front_look, front_ended };

static void on_farpage(struct ev_loop *loop, ev_io *w, int events)
{
	struct front *f = w->data;

	(void)events;
	ev_idle_start(loop, &f->due);
}

/* Once for all that came, and before the face sends its answers. When it does, it may be given more
 * requests: then the loop comes round again without sleeping. */
static void before_sleep(struct ev_loop *loop, ev_prepare *w, int events)
{
	struct front *f = w->data;

	(void)events;
	if (!ev_is_active(&f->due))
		return;
	ev_idle_stop(loop, &f->due);
	farpage_process(f->farpage);
}

static void nothing(struct ev_loop *loop, ev_idle *w, int events)
{
	(void)loop, (void)w, (void)events;
}

static void on_stop(struct ev_loop *loop, ev_async *w, int events)
{
	struct front *f = w->data;

	(void)loop, (void)events;
	notify_stopping();
	f->face->ops->stop(f->face, f->force);
}

static void ask_to_end(struct front *f, bool force)
{
	char words[WORDS_MAX];

	if (!force && f->face->ops->in_use(f->face, words)) {
		warn("not ending: %s; its pages would be lost. To end all the same: kill -QUIT %d", words, getpid());
		return;
	}
	f->force = force;
	ev_async_send(f->loop, &f->stop);
}

/* Signals have a thread of their own: to see who uses the device, and to say so, may take memory that
 * the loop has to free. Even a line to standard error may: it may be a file on a tmpfs, swapped out. */
static void *host(void *front)
{
	struct front *f = front;
	sigset_t ends;
	const struct timespec minute = { .tv_sec = 60 };
	int number;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGQUIT);
	sigaddset(&ends, SIGUSR1); /* we end, or somebody sent it who does not know us */
	while (!f->over) {
		number = sigtimedwait(&ends, NULL, &minute);
		if (number > 0 && number != SIGUSR1)
			ask_to_end(f, number == SIGQUIT);
		else if (number < 0)
			log_summary();
	}
	return NULL;
}

static int front_watch(struct front *f)
{
	int error;

	ev_io_init(&f->came, on_farpage, farpage_fd(f->farpage), EV_READ);
	ev_prepare_init(&f->sleep, before_sleep);
	ev_idle_init(&f->due, nothing);
	ev_async_init(&f->stop, on_stop);
	ev_set_priority(&f->sleep, EV_MAXPRI);
	f->came.data = f->sleep.data = f->stop.data = f;
	ev_io_start(f->loop, &f->came);
	ev_prepare_start(f->loop, &f->sleep);
	ev_async_start(f->loop, &f->stop);
	ev_idle_start(f->loop, &f->due);
	error = pthread_create(&f->host, NULL, host, f);
	if (error)
		lines_put("error: cannot start the thread that hears signals: %s", strerror(error));
	f->hosted = !error;
	return error ? -1 : 0;
}

static int open_face(struct front *f, const struct face_ops *const *faces, const struct face_nbd_terms *nbd)
{
	const struct face_terms terms = { .pages = farpage_size(f->farpage) / PAGE_BYTES, .device = -1, .nbd = nbd };
	char words[WORDS_MAX];

	while (!(f->face = (*faces)->open(f->loop, &terms, &owner, f, words)) && *++faces)
		lines_put("the face is %s: %s", (*faces)->name, words);
	if (!f->face)
		lines_put("error: %s", words);
	else if (faces[1])
		lines_put("the face is %s: this host has it, and --listen is not used", (*faces)->name);
	return f->face ? 0 : -1;
}

/* An address may be longer than the face's name of it. */
static int write_device_file(struct front *f, const struct front_terms *t)
{
	const char *where = f->face->ops == &face_nbd ? t->nbd->listen[0] : f->face->where;

	if (!t->device_file)
		return 0;
	if (device_file_write(t->device_file, where) < 0) {
		lines_put("error: cannot write device-file %s: %s", t->device_file, strerror(errno));
		return -1;
	}
	f->device_file = t->device_file;
	return 0;
}

static int start(struct front *f)
{
	char words[WORDS_MAX];

	if (f->face->ops->start(f->face, words) == 0)
		return 0;
	lines_put("error: %s", words);
	return -1;
}

static int serve(struct front *f, const struct front_terms *t)
{
	if (front_watch(f) < 0)
		return -1;
	t->lock(t->data);
	if (write_device_file(f, t) < 0 || start(f) < 0)
		return -1;
	ev_run(f->loop, 0);
	return f->failed ? -1 : 0;
}

int front_run(struct front *f, struct farpage *farpage, const struct front_terms *t)
{
	int r = -1;

	*f = (struct front){ .farpage = farpage };
	f->loop = ev_loop_new(EVFLAG_NOSIGMASK);
	if (!f->loop) {
		lines_put("error: no event loop: %s", strerror(errno));
		return -1;
	}
	if (open_face(f, t->faces, t->nbd) == 0)
		r = serve(f, t);
	if (f->hosted) {
		f->over = true;
		pthread_kill(f->host, SIGUSR1);
		pthread_join(f->host, NULL);
	}
	return r;
}

void front_close(struct front *f)
{
	if (f->face)
		f->face->ops->close(f->face);
	if (f->device_file)
		device_file_remove(f->device_file);
	if (f->loop)
		ev_loop_destroy(f->loop);
}
