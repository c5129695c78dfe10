/* SPDX-License-Identifier: BSD-2-Clause */
/* farpage-front: a block device for this host's kernel, whose pages are on lenders. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "descriptors.h"
#include "front.h"
#include "log.h"
#include "options.h"
#include "prepare.h"
#include "standard.h"
#include "stats_socket.h"
#include "warn.h"

#define DESCRIPTORS 256 /* for the clients, and several for each lender */
#define HEAP_BYTES (1u << 20) /* once it runs, only a new connection to a lender allocates */

/* What a page passes through: not what opens a connection, which is large. */
static const char *const libraries[] = {
	"ld-linux", "libc.so", "libm.so", "libgnutls", "libnettle", "libev", "liburing", "libxxhash", NULL,
};

static int fail(const char *words)
{
	lines_put("error: %s", words);
	return -1;
}

/* A client must not have the last one, when a lender has to be connected again. */
static int check_descriptors(void)
{
	char words[WORDS_MAX];
	struct rlimit limit;

	descriptors_raise();
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= DESCRIPTORS)
		return 0;
	words_print(words, "this process may have only %llu descriptors, and needs %d: raise ulimit -n, or "
	            "LimitNOFILE= of the unit", (unsigned long long)limit.rlim_cur, DESCRIPTORS);
	return fail(words);
}

/* libev has no other way to tell that it cannot go on. */
static void on_ev_error(const char *what)
{
	char words[WORDS_MAX];

	lines_put("error: %s: %s", what, descriptors_words(errno, words));
	lines_end();
	exit(EXIT_FAILURE);
}

static void tell(void *user, const char *words)
{
	(void)user;
	warn("%s", words);
}

static struct farpage *open_farpage(struct parameters *p)
{
	char words[WORDS_MAX];
	struct farpage *f;

	p->options.warn = tell;
	p->options.requests = FACE_DEPTH;
	f = farpage_open(&p->options, sizeof p->options, words);
	if (!f)
		fail(words);
	else if (*words)
		warn("%s", words);
	return f;
}

static int start(struct farpage *f)
{
	if (farpage_start(f) < 0) {
		fail("cannot start the thread that looks after the lenders");
		return -1;
	}
	errno = stats_socket_start(f);
	return errno ? fail("cannot start the thread that serves figures") : 0;
}

static void lock(void *parameters)
{
	const struct parameters *p = parameters;

	if (p->swap)
		prepare_memory(&(struct prepare_needs){ HEAP_BYTES, libraries, p->options.tls_psk });
}

/* FACES are those to try, up to NULL. Before a lender is asked for anything. */
static int choose_face(const struct front_options *o, const struct face_ops **faces)
{
	char words[WORDS_MAX];
	bool ublk = o->face != FRONT_NBD;

	if (ublk && face_ublk.probe(words) < 0) {
		if (o->face == FRONT_AUTO && !o->listens)
			words_add(words, "; and for --face nbd there is no --listen");
		if (o->face == FRONT_UBLK || !o->listens)
			return fail(words);
		lines_put("the face is nbd: %s", words);
		ublk = false;
	}
	if (ublk)
		*faces++ = &face_ublk;
	if (!ublk || (o->face == FRONT_AUTO && o->listens))
		*faces = &face_nbd;
	return 0;
}

static int serve(struct front_options *o)
{
	const struct face_ops *faces[3] = { NULL };
	static struct front front;
	struct parameters *p = &o->parameters;
	char words[WORDS_MAX];
	struct farpage *f;
	int r = -1;

	if (choose_face(o, faces) < 0)
		return -1;
	if (p->swap)
		prepare_privileged(p->realtime, !p->lender[0] && !p->lenders);
	if (p->stats && stats_socket_open(p->stats, words) < 0)
		return fail(words);
	f = open_farpage(p);
	if (f) {
		prepare_secret();
		if (start(f) == 0) {
			const struct face_nbd_terms nbd = front_options_nbd(o, farpage_instance(f));
			const struct front_terms terms = { faces, &nbd, o->device_file, lock, p };

			r = front_run(&front, f, &terms);
		}
	}
	stats_socket_close();
	farpage_close(f);
	front_close(&front);
	return r;
}

int main(int argc, char **argv)
{
	/* What the process itself has done wrong: blocked, nobody would hear where. */
	static const int faults[] = { SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP };
	struct front_options o;
	char words[WORDS_MAX];
	sigset_t all;
	int r;

	if (standard_fill() < 0)
		return EXIT_FAILURE;
	log_open_as("farpage-front");
	r = front_options_read(&o, argc, argv, words);
	if (r < 0) {
		fail(words);
	} else if (!o.done && (r = check_descriptors()) == 0) {
		ev_set_syserr_cb(on_ev_error);
		sigfillset(&all);
		for (unsigned i = 0; i < sizeof faults / sizeof *faults; i++)
			sigdelset(&all, faults[i]);
		sigprocmask(SIG_SETMASK, &all, NULL);
		prepare_load();
		lines_own_stderr();
		errno = lines_by_thread();
		r = errno ? fail("cannot start the thread that writes the log") : serve(&o);
		lines_end();
	}
	front_options_free(&o);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
