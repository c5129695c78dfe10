/* SPDX-License-Identifier: BSD-2-Clause */
/* Which lenders are watched: those given at the opening, and those that the file has. */
#include "watch.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "farpage.h"

#define READ_AGAIN_MS 10000 /* a file that was refused: there may be room by then */

_Static_assert(LENDERS_MAX == FARPAGE_LENDERS_MAX && LENDERS_MAX + 1 == LINKS_MAX,
               "a link for each lender, and one for the spill");

void watch_say(struct watch *w, const char *words)
{
	tell_say(w->tell, words);
}

static struct watched *watch_list_find(struct watch *w, const char *text)
{
	for (unsigned i = 0; i < LENDERS_MAX; i++)
		if (strcmp(w->lender[i].text, text) == 0)
			return &w->lender[i];
	return NULL;
}

static bool same_stamp(const struct watch_stamp *a, const struct watch_stamp *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

static struct watch_stamp stamp(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return (struct watch_stamp){0};
	return (struct watch_stamp){ st.st_dev, st.st_ino, st.st_size, st.st_mtim };
}

/* A free place for lender TEXT; NULL with WORDS. */
static struct watched *add(struct watch *w, const char *text, char *words)
{
	struct watched *l = watch_list_find(w, "");
	struct address address;

	if (!l) {
		words_print(words, "lender %.200s: there are %u lenders at most, including those "
		            "that still have pages", text, LENDERS_MAX);
		return NULL;
	}
	if (strlen(text) >= sizeof l->text) {
		words_print(words, "lender %.200s: the address is too long", text);
		return NULL;
	}
	if (lender_parse(text, w->o.pool, &address, words) < 0)
		return NULL;
	*l = (struct watched){ .address = address, .link_no = -1, .wanted = true,
	                       .asks_back = UINT64_MAX, .told = UINT64_MAX, .twin = -1, .sibling = -1,
	                       .probe.stop = w->stop };
	snprintf(l->text, sizeof l->text, "%s", text);
	return l;
}

static unsigned wanted_lenders(const struct watch *w)
{
	unsigned n = 0;

	for (unsigned i = 0; i < LENDERS_MAX; i++)
		n += w->lender[i].wanted;
	return n;
}

/* L was wanted, or was not, and that has changed. */
static void tell_change(struct watch *w, const struct watched *l)
{
	char words[WORDS_MAX];

	if (l->link_no < 0)
		return;
	words_print(words, "lender %.200s is %s%s", l->text,
	            l->wanted ? "used again" : "being drained",
	            l->wanted || wanted_lenders(w) >= w->o.copies ? "" :
	            "; its pages stay there until another lender is added, because each copy is "
	            "on a different lender");
	watch_say(w, words);
}

/* Make W's lenders what FILE says. -1: nothing was changed, and WORDS say why. */
static int apply(struct watch *w, const struct lenders *file, char *words)
{
	struct watched *added[LENDERS_MAX];
	bool changed[LENDERS_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < file->n; i++) {
		const struct lender *line = &file->lender[i];

		if (line->drain || watch_list_find(w, line->text))
			continue;
		added[n] = add(w, line->text, words);
		if (!added[n++]) {
			while (--n)
				*added[n - 1] = (struct watched){0};
			return -1;
		}
	}
	for (unsigned i = 0; i < LENDERS_MAX; i++) {
		struct watched *l = &w->lender[i];
		const struct lender *line = lenders_find(file, l->text);
		bool wanted = line ? !line->drain : l->given;

		changed[i] = *l->text && l->wanted != wanted;
		l->wanted = *l->text && wanted;
	}
	for (unsigned i = 0; i < LENDERS_MAX; i++)
		if (changed[i])
			tell_change(w, &w->lender[i]);
	return 0;
}

static void watch_list_refuse(struct watch *w, const char *wrong)
{
	char words[WORDS_MAX];

	w->read_again_at = clock_ms() + READ_AGAIN_MS;
	if (strcmp(w->refusal, wrong) == 0)
		return;
	snprintf(w->refusal, sizeof w->refusal, "%s", wrong);
	words_print(words, "lenders=%.200s: %.400s; nothing is changed", w->o.file, wrong);
	watch_say(w, words);
}

/* A file that changed is left alone for one more look: it may be in the making. */
void watch_read(struct watch *w)
{
	struct watch_stamp now = stamp(w->o.file);
	char words[WORDS_MAX];
	struct lenders file;

	if (!same_stamp(&now, &w->seen)) {
		w->seen = now;
		return;
	}
	if (same_stamp(&now, &w->read) && (!*w->refusal || clock_ms() < w->read_again_at))
		return;
	w->read = now;
	if (lenders_read(&file, w->o.file, words) < 0 || apply(w, &file, words) < 0)
		watch_list_refuse(w, words);
	else
		*w->refusal = '\0';
}

struct link *watch_make_link(const struct watch *w, const struct watched *l)
{
	struct link *link = link_nbd(&l->address, l->address.pool, &w->o.proof, w->o.link_timeout_ms);

	if (link)
		snprintf(link->name, sizeof link->name, "%s", l->text);
	return link;
}

/* These files are read again, when this process may be in another directory. */
static char *whole_path(const char *path)
{
	char here[PATH_MAX], *whole;

	if (*path == '/')
		return strdup(path);
	return getcwd(here, sizeof here) && asprintf(&whole, "%s/%s", here, path) >= 0 ? whole : NULL;
}

/* The strings of O, in W's own memory. */
static int copy_texts(struct watch *w)
{
	const char **from[] = { &w->o.proof.instance, &w->o.proof.username, &w->o.pool,
	                        &w->o.proof.psk, &w->o.file };
	enum { FIRST_PATH = 3 };

	for (unsigned i = 0; i < sizeof from / sizeof *from; i++) {
		if (!*from[i])
			continue;
		w->text[i] = i < FIRST_PATH ? strdup(*from[i]) : whole_path(*from[i]);
		if (!w->text[i])
			return -1;
		*from[i] = w->text[i];
	}
	return 0;
}

static int read_first(struct watch *w, char *words)
{
	char wrong[WORDS_MAX];
	struct lenders file;

	w->seen = w->read = stamp(w->o.file);
	if (lenders_read(&file, w->o.file, wrong) == 0 && apply(w, &file, wrong) == 0)
		return 0;
	words_print(words, "lenders=%.200s: %s", w->o.file, wrong);
	return -1;
}

int watch_open(struct watch *w, const struct watch_options *o, const char *const *given, unsigned n,
               char words[static WORDS_MAX])
{
	int link_no = 0;

	*w = (struct watch){ .o = *o, .stop = eventfd(0, EFD_CLOEXEC) };
	if (copy_texts(w) < 0 || w->stop < 0) {
		words_print(words, "cannot start: %s", strerrordesc_np(errno));
		return -1;
	}
	for (unsigned i = 0; i < n; i++) {
		struct watched *l = add(w, given[i], words);

		if (!l)
			return -1;
		l->given = true;
	}
	if (o->file && read_first(w, words) < 0)
		return -1;
	for (unsigned i = 0; i < LENDERS_MAX; i++)
		if (w->lender[i].wanted)
			w->lender[i].link_no = link_no++;
	return 0;
}

/* The lender whose link is LINK_NO. */
static const struct watched *link_of(const struct watch *w, unsigned link_no)
{
	for (unsigned i = 0; i < LENDERS_MAX; i++)
		if (*w->lender[i].text && w->lender[i].link_no == (int)link_no)
			return &w->lender[i];
	return NULL;
}

const char *watch_name(const struct watch *w, unsigned link_no)
{
	const struct watched *l = link_of(w, link_no);

	return l ? l->text : NULL;
}

struct link *watch_link(const struct watch *w, unsigned link_no)
{
	return watch_make_link(w, link_of(w, link_no));
}

void watch_close(struct watch *w)
{
	watch_stop(w);
	for (unsigned i = 0; i < LENDERS_MAX; i++) {
		probe_close(&w->lender[i].probe);
		lookup_drop(w->lender[i].lookup);
	}
	for (unsigned i = 0; i < sizeof w->text / sizeof *w->text; i++)
		free(w->text[i]);
	if (w->stop >= 0)
		close(w->stop);
}
