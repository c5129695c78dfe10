/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening and closing. */
#include "farpage.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "clock.h"
#include "locked.h"
#include "open_options.h"
#include "transfer.h"
#include "standard.h"

#define OPEN_MS  2000 /* at least, whatever a link's timeout is */
#define CLOSE_MS 2000
#define BUFFERS  24u /* of 128 KiB: nbdkit's 16 threads, and what is late or being healed */
#define SPARE    4u  /* beside one for each request: what is healed, and calls */

_Static_assert(FARPAGE_WORDS_MAX == WORDS_MAX, "a caller has room for what we say");
_Static_assert(FARPAGE_PAGE_BYTES == PAGE_BYTES, "a caller's page is ours");
_Static_assert(FARPAGE_COPIES_MAX == COPIES_MAX, "as many copies as there are places for");

static int make_name(char name[static FARPAGE_INSTANCE_MAX])
{
	uint64_t id[2];

	if (getrandom(id, sizeof id, 0) != sizeof id)
		return -1;
	snprintf(name, FARPAGE_INSTANCE_MAX, "%016" PRIx64 "%016" PRIx64, id[0], id[1]);
	return 0;
}

/* Two of them: one is told to everybody who asks, and with the other the pools could be
 * claimed in our name. */
static int make_names(struct farpage *f)
{
	return make_name(f->instance) < 0 || make_name(f->claim) < 0 ? -1 : 0;
}

static int add_links(struct farpage *f, const struct farpage_options *o, char *words)
{
	unsigned lenders = options_lenders(o);
	struct link *link;

	if (!lenders) {
		link = link_store(o->size / PAGE_BYTES);
		if (!link) {
			words_print(words, "no memory for %" PRIu64 " MiB: %s", o->size >> 20, strerror(errno));
			return -1;
		}
		engine_add(&f->engine, link);
	}
	for (unsigned i = 0; i < lenders; i++) {
		link = watch_link(&f->watch, i);
		if (!link) {
			words_print(words, "no memory for a link: %s", strerror(errno));
			return -1;
		}
		engine_add(&f->engine, link);
	}
	if (!o->spill)
		return 0;
	link = link_spill(o->spill, UINT64_MAX, words);
	if (!link)
		return -1;
	engine_add(&f->engine, link);
	return 0;
}

/* Do LINK_NO and OTHER not go together? */
static bool clash(const struct farpage *f, unsigned link_no, unsigned other, char *words)
{
	const struct opening *o = f->engine.opening;
	const char *a = watch_name(&f->watch, link_no), *b = watch_name(&f->watch, other);

	if (identity_same_pool(o[link_no].identity, o[other].identity))
		words_print(words, "lender %.200s: its pool is that of lender %.200s: each copy is on a lender "
		            "of its own", a, b);
	else if (f->engine.apart && identity_same_lender(o[link_no].identity, o[other].identity))
		words_print(words, "lender %.200s: its pool is of the same farpaged as lender "
		            "%.200s: both copies of a page would be lost together; allow that "
		            "with same-lender=yes, or keep one copy with copies=1", a, b);
	else
		return false;
	return true;
}

/* Two lenders of one pool, or of one farpaged? */
static bool twice(const struct farpage *f, unsigned lenders, char *words)
{
	for (unsigned link_no = 1; link_no < lenders; link_no++)
		for (unsigned other = 0; other < link_no; other++)
			if (clash(f, link_no, other, words))
				return true;
	return false;
}

/* The names of all that did not answer, as far as there is room. */
static void say_who_is_away(const struct farpage *f, unsigned lenders, char *words)
{
	for (unsigned link_no = 0; link_no < lenders; link_no++)
		if (!f->engine.opening[link_no].up)
			words_add(words, "%s lender %.200s: %s",
			          *words ? "; nor that of" : "cannot open the pool of",
			          watch_name(&f->watch, link_no), f->engine.opening[link_no].words);
}

/* Lenders that did not answer are an error, unless the others are enough. */
static int check_lenders(struct farpage *f, const struct farpage_options *o, char *words)
{
	unsigned lenders = options_lenders(o), up = 0;
	int first = -1;

	if (twice(f, lenders, words))
		return -1;
	for (unsigned link_no = 0; link_no < f->engine.links; link_no++) {
		up += link_no < lenders && f->engine.opening[link_no].up;
		if (!f->engine.opening[link_no].up && first < 0)
			first = (int)link_no;
	}
	if (first < 0)
		return 0;
	if (first >= (int)lenders) {
		words_print(words, "%s", f->engine.opening[first].words);
		return -1;
	}
	say_who_is_away(f, lenders, words);
	return up && o->size ? 0 : -1;
}

/* Against what the pools have; one that is away may have all that is wanted of it. */
static int check_size(struct farpage *f, const struct farpage_options *o, char *words)
{
	unsigned n = options_lenders(o) ? options_lenders(o) : 1;
	uint64_t pages[LINKS_MAX], have, want;

	for (unsigned link_no = 0; link_no < n; link_no++)
		pages[link_no] = f->engine.opening[link_no].up ? f->engine.opening[link_no].pages
		                                    : o->size / PAGE_BYTES + EXTENT_PAGES;
	/* Where lenders are to come yet, the device is as large as with them. */
	have = layout_capacity(pages, n, options_copies(o) < n ? options_copies(o) : n);
	want = o->size ? o->size / PAGE_BYTES : have;
	if (!want && n == 1) {
		words_print(words, "the pool has no room for a page");
	} else if (!want) {
		words_print(words, "the pools have no room for %u copies of 1 MiB: an extent of 1 MiB is on "
		            "one lender", options_copies(o));
	} else if (want > have) {
		words_print(words, "size=%" PRIu64 " is more than the pool%s, %" PRIu64 "; leave "
		            "size= out to use all of "
		            "it", o->size, n == 1 ? " has" : "s have room for",
		            have * PAGE_BYTES);
	} else {
		f->pages = want;
		return 0;
	}
	return -1;
}

/* Where all of them are made at the start. The kernel would rather kill than say that it has no memory. */
static int check_records(const struct farpage *f, const struct farpage_options *o, char *words)
{
	uint64_t bytes = f->pages * sizeof(struct record), available;

	if (!o->requests || locked_fits(bytes, &available))
		return 0;
	words_print(words, "a device of %" PRIu64 " MiB takes %" PRIu64 " MiB of this host's memory for records, and %" PRIu64
	            " MiB are available: say a smaller size=SIZE", f->pages * PAGE_BYTES >> 20, bytes >> 20, available >> 20);
	return -1;
}

static int start_watch(struct engine *e)
{
	return watch_start(&((struct farpage *)e)->watch, e);
}

/* With copies, each of the lenders has a buffer of every put, and no lender may have more than two thirds. */
static unsigned buffers_of(const struct farpage_options *o)
{
	unsigned spare = options_copies(o) > 1 && o->requests / 2 > SPARE ? o->requests / 2 : SPARE;

	return o->requests ? o->requests + spare : BUFFERS;
}

static int farpage_begin(struct farpage *f, const struct farpage_options *o)
{
	uint64_t rate = o->heal_rate ? o->heal_rate : FARPAGE_HEAL_RATE;
	struct core_options core = {
		.links = f->engine.links,
		.spill = o->spill,
		.copies = options_copies(o),
		.deadline_ms = options_deadline(o),
		.link_timeout_ms = options_link_timeout(o),
		.same_lender = o->same_lender,
		.patient = o->patient,
		.stall_ms = CORE_STALL_MS,
		.heal_pages = rate / PAGE_BYTES < UINT32_MAX ? (uint32_t)(rate / PAGE_BYTES)
		                                             : UINT32_MAX,
	};

	if (getrandom(&core.seed, sizeof core.seed, 0) != sizeof core.seed)
		return -1;
	core.seed |= 1; /* never 0 */
	if (o->requests && transfers_open(f, o->requests) < 0)
		return -1;
	f->engine.check = transfer_check;
	f->engine.start = start_watch;
	return engine_begin(&f->engine, f->pages, &core, buffers_of(o), f->seal);
}

static void release(struct farpage *f)
{
	watch_close(&f->watch);
	engine_close(&f->engine);
	seal_close(f->seal);
	free(f->transfer);
	free(f);
}

/* O's lenders are those of its file, too, from then on. */
static int open_watch(struct farpage *f, struct farpage_options *o, char *words)
{
	const struct watch_options watch = {
		.proof = { f->claim, o->tls_psk, o->tls_username },
		.pool = o->pool,
		.file = o->lenders_file,
		.warn = o->warn,
		.user = o->warn_user,
	};

	if (watch_open(&f->watch, &watch, o->lender, options_lenders(o), words) < 0)
		return -1;
	for (unsigned i = 0; i < FARPAGE_LENDERS_MAX; i++)
		o->lender[i] = watch_name(&f->watch, i);
	f->watch.o.copies = options_copies(o);
	f->watch.o.apart = f->engine.apart = options_copies(o) > 1 && !o->same_lender;
	f->watch.o.link_timeout_ms = options_link_timeout(o);
	return 0;
}

static int open_seal(struct farpage *f, const struct farpage_options *o, char *words)
{
	f->seal = seal_open((enum seal_kind)seal_kind_parse(o->seal ? o->seal : "on"));
	if (!f->seal)
		words_print(words, "cannot start: %s", strerror(errno));
	return f->seal ? 0 : -1;
}

struct farpage *farpage_open(const struct farpage_options *given, size_t size, char *words)
{
	struct farpage_options wanted, *o = &wanted;
	char unheard[WORDS_MAX];
	struct farpage *f;
	int64_t open_by;

	if (!words)
		words = unheard;
	*words = '\0';
	if (options_read(o, given, size, words) < 0)
		return NULL;
	if (standard_fill() < 0) {
		words_print(words, "standard input, output or error is closed, and /dev/null cannot take "
		            "its place: %s", strerror(errno));
		return NULL;
	}
	f = calloc(1, sizeof *f);
	if (!f)
		return NULL;
	f->watch.stop = -1;
	if (engine_init(&f->engine) < 0 || make_names(f) < 0) {
		words_print(words, "cannot start: %s", strerror(errno));
		goto err;
	}
	if (open_watch(f, o, words) < 0 || options_check(o, words) < 0 || open_seal(f, o, words) < 0)
		goto err;
	open_by = clock_ms() + (options_link_timeout(o) > OPEN_MS ? options_link_timeout(o) : OPEN_MS);
	watch_look_up(&f->watch, open_by - OPEN_MS / 2);
	if (add_links(f, o, words) < 0)
		goto err;
	engine_open(&f->engine, open_by);
	if (check_lenders(f, o, words) < 0 || check_size(f, o, words) < 0 || check_records(f, o, words) < 0)
		goto err;
	if (farpage_begin(f, o) < 0) {
		words_print(words, "no memory to start: %s", strerror(errno));
		goto err;
	}
	/* What a predecessor put is nobody's now. */
	engine_wipe(&f->engine, false, options_deadline(o));
	return f;
err:
	release(f);
	return NULL;
}

void farpage_close(struct farpage *f)
{
	if (!f)
		return;
	transfers_end(f);
	watch_stop(&f->watch);
	/* Nobody waits long for this: a lender that is away will forget us anyway. */
	engine_wipe(&f->engine, true, CLOSE_MS);
	release(f);
}
