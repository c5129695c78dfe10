/* SPDX-License-Identifier: BSD-2-Clause */
/* ublkram [-n NUMBER] [-d DEPTH] [-l MS] [-e PAGE] [-o PAGE] PAGES: the ublk face, and behind it pages in this
 * process' own memory. ublkram -k NUMBER: stops a device that somebody else serves.
 *   -l MS    answers come from a timer, within MS, and in no order
 *   -e PAGE  what touches that page or a later one fails with EIO
 *   -o PAGE  and what touches this one or a later one is never answered
 * SIGTERM stops the device unless it is in use, SIGHUP even then, SIGUSR1 by force; SIGUSR2 prints what was counted. */
#include <errno.h>
#include <ev.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "face.h"
#include "ublk_cmd.h"
#include "ublk_control.h"

static struct ev_loop *loop;
static struct face *face;
static uint8_t *memory;
static struct face_terms terms = { .device = -1 };
static uint64_t bad_page = UINT64_MAX, mute_page = UINT64_MAX;
static double late_seconds;
static ev_timer later;
static struct face_request *waiting[FACE_DEPTH_MAX];
static unsigned waits, most_out, out;
static int status = 1;

static void carry_out(struct face_request *r)
{
	uint8_t *at = memory + r->page * PAGE_BYTES;
	size_t len = (size_t)r->pages * PAGE_BYTES;

	out--;
	if (r->page + r->pages > bad_page) {
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

static void submit(void *user, struct face_request *r)
{
	(void)user;
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
	for (unsigned n = (waits + 1) / 2; n > 0; n--) {
		unsigned i = (unsigned)rand() % waits;
		struct face_request *r = waiting[i];

		waiting[i] = waiting[--waits];
		carry_out(r);
	}
}

static void started(void *user, const char *why)
{
	(void)user;
	printf("ublkram: %s %s\n", why ? "not started:" : "started", why ? why : face->where);
}

static void ended(void *user, const char *why)
{
	(void)user;
	status = why ? 1 : 0;
	printf("ublkram: ended%s%s, %u never answered\n", why ? ": " : "", why ? why : "", out);
	ev_break(loop, EVBREAK_ALL);
}

static void heard(struct ev_loop *l, ev_signal *w, int events)
{
	char words[WORDS_MAX];

	(void)events;
	if (w->signum == SIGUSR2)
		printf("ublkram: requests=%llu calls=%llu out=%u most_out=%u\n", (unsigned long long)face->requests,
		       (unsigned long long)face->calls + ev_iteration(l), out, most_out);
	else if (w->signum == SIGTERM && face->ops->in_use(face, words))
		printf("ublkram: refused: %s\n", words);
	else
		face->ops->stop(face, w->signum == SIGUSR1);
}

static int stop_other(unsigned number)
{
	struct ublk_control c;
	char words[WORDS_MAX];

	int result = ublk_control_open(&c, words) ? 1 : ublk_control(&c, UBLK_U_CMD_STOP_DEV, number, NULL, 0, 0, 60);

	if (result)
		printf("ublkram: stopping %u: %s\n", number, result > 0 ? words : strerror(-result));
	return result != 0;
}

static void read_options(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "n:d:l:e:o:k:")) != -1)
		switch (option) {
		case 'n': terms.device = atoi(optarg); break;
		case 'd': terms.depth = (unsigned)atoi(optarg); break;
		case 'l': late_seconds = atof(optarg) / 1000; break;
		case 'e': bad_page = strtoull(optarg, NULL, 10); break;
		case 'o': mute_page = strtoull(optarg, NULL, 10); break;
		case 'k': exit(stop_other((unsigned)atoi(optarg)));
		default: exit(2);
		}
	if (optind + 1 != argc)
		exit(2);
	terms.pages = strtoull(argv[optind], NULL, 10);
}

int main(int argc, char **argv)
{
	static const struct face_owner owner = { .submit = submit, .started = started, .ended = ended };
	static const int signals[] = { SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 };
	ev_signal watchers[4];
	char words[WORDS_MAX] = "no memory";

	setvbuf(stdout, NULL, _IOLBF, 0);
	read_options(argc, argv);
	loop = ev_default_loop(0);
	for (int i = 0; i < 4; i++) {
		ev_signal_init(&watchers[i], heard, signals[i]);
		ev_signal_start(loop, &watchers[i]);
	}
	memory = mmap(NULL, terms.pages * PAGE_BYTES, PROT_READ | PROT_WRITE,
	              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	face = memory == MAP_FAILED ? NULL : face_ublk.open(loop, &terms, &owner, NULL, words);
	if (!face || mlockall(MCL_CURRENT | MCL_FUTURE) || face->ops->start(face, words)) {
		printf("ublkram: %s\n", words);
		if (face)
			face->ops->close(face);
		return 1;
	}
	ev_timer_init(&later, answer_some, late_seconds / 4, late_seconds / 4);
	if (late_seconds > 0)
		ev_timer_start(loop, &later);
	ev_run(loop, 0);
	face->ops->close(face);
	ev_loop_destroy(loop);
	return status;
}
