/* SPDX-License-Identifier: BSD-2-Clause */
/* nbdram [-d DEPTH] [-l MS] [-e PAGE] [-o PAGE] [-k FILE] [-n NAME] [-v] PAGES ADDRESS...: the NBD face, and behind it
 * pages in this process' own memory.
 *   -l MS    answers come from a timer, within MS, and in no order
 *   -e PAGE  what touches that page or a later one fails with EIO
 *   -o PAGE  and what touches this one or a later one is never answered
 *   -k FILE  TLS is required, with these keys
 * It ends itself if it is asked what no face may ask. SIGTERM stops it unless it is in use, SIGINT in any case, SIGUSR1
 * by force, SIGUSR2 prints what was counted, and begins to count most_out anew. */
#include <errno.h>
#include <ev.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "face.h"
#include "face_nbd.h"
#include "log.h"

static struct ev_loop *loop;
static struct face *face;
static uint8_t *memory;
static struct face_nbd_terms nbd_terms = { .name = "0123456789abcdef0123456789abcdef" };
static struct face_terms terms = { .device = -1, .nbd = &nbd_terms };
static uint64_t bad_page = UINT64_MAX, mute_page = UINT64_MAX;
static double late_seconds;
static ev_timer later;
static struct face_request *waiting[FACE_DEPTH_MAX + 1];
static unsigned waits, most_out, out;
static int status = 1;

static void carry_out(struct face_request *r)
{
	uint8_t *at = memory + r->page * PAGE_BYTES;
	size_t len = (size_t)r->pages * PAGE_BYTES;

	out--;
	if (r->page + r->pages > bad_page) {
		if (r->verb == FACE_GET)
			memset(r->data, 'E', len);
		face_answer(r, EIO);
		return;
	}
	if (r->verb == FACE_GET)
		memcpy(r->data, at, len);
	else if (r->verb == FACE_PUT)
		memcpy(at, r->data, len);
	else
		memset(at, 0, len);
	face_answer(r, 0);
}

static bool is_allowed(const struct face_request *r)
{
	return r->pages && r->page < terms.pages && r->pages <= terms.pages - r->page &&
	       (r->verb == FACE_FLUSH ||
	        (r->pages <= face->most_pages && (uintptr_t)r->data % PAGE_BYTES == 0));
}

static void submit(void *user, struct face_request *r)
{
	(void)user;
	if (!is_allowed(r) || waits > FACE_DEPTH_MAX)
		abort();
	if (++out > most_out)
		most_out = out;
	if (r->page + r->pages > mute_page)
		return;
	if (late_seconds > 0)
		waiting[waits++] = r;
	else
		carry_out(r);
}

static void answer_some(struct ev_loop *l, ev_timer *w, int events)
{
	(void)l, (void)w, (void)events;
	for (unsigned n = (waits + 1) / 2; n > 0 && waits > 0; n--) {
		unsigned i = (unsigned)rand() % waits;
		struct face_request *r = waiting[i];

		waiting[i] = waiting[--waits];
		carry_out(r);
	}
}

static void started(void *user, const char *why)
{
	(void)user;
	printf("nbdram: %s %s\n", why ? "not started:" : "started", why ? why : face->where);
}

static void ended(void *user, const char *why)
{
	(void)user;
	status = why ? 1 : 0;
	printf("nbdram: ended%s%s, %u never answered\n", why ? ": " : "", why ? why : "", out);
	ev_break(loop, EVBREAK_ALL);
}

static void heard(struct ev_loop *l, ev_signal *w, int events)
{
	char words[WORDS_MAX];

	(void)events;
	if (w->signum == SIGUSR2) {
		printf("nbdram: requests=%llu sleeps=%u most_out=%u\n", (unsigned long long)face->requests,
		       ev_iteration(l), most_out);
		most_out = out;
	} else if (w->signum == SIGTERM && face->ops->in_use(face, words))
		printf("nbdram: refused: %s\n", words);
	else
		face->ops->stop(face, w->signum == SIGUSR1);
}

static void read_options(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "d:l:e:o:k:n:v")) != -1)
		switch (option) {
		case 'd': terms.depth = (unsigned)atoi(optarg); break;
		case 'l': late_seconds = atof(optarg) / 1000; break;
		case 'e': bad_page = strtoull(optarg, NULL, 10); break;
		case 'o': mute_page = strtoull(optarg, NULL, 10); break;
		case 'k': nbd_terms.tls_psk = optarg; nbd_terms.tls_require = true; break;
		case 'n': nbd_terms.name = optarg; break;
		case 'v': log_level = LOG_DEBUG; break;
		default: exit(2);
		}
	if (optind + 2 > argc)
		exit(2);
	terms.pages = strtoull(argv[optind], NULL, 10);
	nbd_terms.listen = argv + optind + 1;
	nbd_terms.listens = (unsigned)(argc - optind - 1);
}

int main(int argc, char **argv)
{
	static const struct face_owner owner = { .submit = submit, .started = started, .ended = ended };
	static const int signals[] = { SIGTERM, SIGINT, SIGUSR1, SIGUSR2 };
	ev_signal watchers[4];
	char words[WORDS_MAX] = "no memory";

	setvbuf(stdout, NULL, _IOLBF, 0);
	log_open_as("nbdram");
	read_options(argc, argv);
	loop = ev_default_loop(0);
	memory = mmap(NULL, terms.pages * PAGE_BYTES, PROT_READ | PROT_WRITE,
	              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	face = memory == MAP_FAILED ? NULL : face_nbd.open(loop, &terms, &owner, NULL, words);
	if (!face || face->ops->start(face, words)) {
		printf("nbdram: %s\n", words);
		if (face)
			face->ops->close(face);
		return 1;
	}
	for (int i = 0; i < 4; i++) {
		ev_signal_init(&watchers[i], heard, signals[i]);
		ev_signal_start(loop, &watchers[i]);
	}
	ev_timer_init(&later, answer_some, late_seconds / 4, late_seconds / 4);
	if (late_seconds > 0)
		ev_timer_start(loop, &later);
	ev_run(loop, 0);
	face->ops->close(face);
	ev_loop_destroy(loop);
	return status;
}
