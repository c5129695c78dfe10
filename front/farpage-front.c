/* SPDX-License-Identifier: BSD-2-Clause */
/* farpage-front: a block device for this host's kernel, whose pages are on lenders. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "front.h"
#include "log.h"
#include "options.h"
#include "prepare.h"
#include "standard.h"
#include "stats_socket.h"
#include "warn.h"

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

static int serve(struct front_options *o)
{
	static struct front front;
	struct parameters *p = &o->parameters;
	char words[WORDS_MAX];
	struct farpage *f;
	int r = -1;

	if (p->swap)
		prepare_privileged(p->realtime, !p->lender[0] && !p->lenders);
	if (p->stats && stats_socket_open(p->stats, words) < 0)
		return fail(words);
	f = open_farpage(p);
	if (f) {
		prepare_secret();
		if (start(f) == 0) {
			const struct face_nbd_terms nbd = front_options_nbd(o, farpage_instance(f));

			r = front_run(&front, f, o->face == FRONT_NBD ? &face_nbd : &face_ublk, &nbd, lock, p);
		}
	}
	stats_socket_close();
	farpage_close(f);
	return r;
}

int main(int argc, char **argv)
{
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
	} else if (!o.done) {
		sigfillset(&all);
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
