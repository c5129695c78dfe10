/* SPDX-License-Identifier: BSD-2-Clause */
#include "watch.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#include "clock.h"
#include "farpage.h"

#define LOOK_MS      1000
#define ASK_MS       2000
#define TELL_MS      1000 /* at the end, to who stands still */
#define ASK_AGAIN_MS 5000 /* when it could not be asked */

/* Is a pool of IDENTITY not to be claimed, for L's sake? WORDS say why. */
static bool clash(const struct watch *w, const struct watched *l, const char *identity,
                  char words[static WORDS_MAX])
{
	if (!*l->text || l->link_no < 0)
		return false;
	if (identity_same_pool(l->events.identity, identity))
		words_print(words, "its pool is that of lender %.200s", l->text);
	else if (w->o.apart && w->view.link[l->link_no].state != PEER_GONE &&
	         identity_same_lender(l->events.identity, identity))
		words_print(words, "its pool is of the same farpaged as lender %.200s, and "
		            "same-lender=yes is not set", l->text);
	else
		return false;
	return true;
}

static bool clashes(const struct watch *w, const char *identity, char words[static WORDS_MAX])
{
	for (unsigned i = 0; i < LENDERS_MAX; i++)
		if (clash(w, &w->lender[i], identity, words))
			return true;
	return false;
}

static void join(struct watch *w, struct watched *l, const char *identity)
{
	struct link *link = watch_make_link(w, l);

	l->link_no = link ? engine_join(w->engine, link) : -1;
	if (l->link_no < 0 && link)
		link->ops->free(link);
	l->told = l->asks_back = UINT64_MAX;
	l->events = (struct events){0};
	l->twin = l->sibling = -1;
	l->left_out = false;
	snprintf(l->events.identity, sizeof l->events.identity, "%s", identity);
	engine_look(w->engine, &w->view);
}

/* A lender is added when it answers, and is not one that there is already. */
static void try_to_join(struct watch *w, struct watched *l)
{
	char identity[IDENTITY_MAX], words[WORDS_MAX];

	if (probe_open(&l->probe, &l->address, l->address.pool, &w->o.proof) == 0) {
		probe_identity(&l->probe, identity);
		probe_close(&l->probe);
		if (!clashes(w, identity, l->probe.words)) {
			join(w, l, identity);
			return;
		}
	}
	if (!l->refused) {
		words_print(words, "lender %.200s is not added yet: %s", l->text,
		            l->probe.words);
		watch_say(w, words);
	}
	l->refused = true;
}

static int ask(struct watch *w, struct watched *l)
{
	char pool[ADDRESS_POOL_MAX];

	/* Each claim ends the plain connections. */
	if (l->probe.nbd && probe_ask(&l->probe, &l->asks_back) == 0)
		return 0;
	engine_pool(w->engine, (unsigned)l->link_no, pool);
	return probe_open(&l->probe, &l->address, pool, &w->o.proof) < 0 ||
	       probe_ask(&l->probe, &l->asks_back) < 0 ? -1 : 0;
}

static void visit(struct watch *w, struct watched *l)
{
	int64_t now = clock_ms();

	if (now < l->ask_at || (l->link_no < 0 && watch_name_is_to_come(l)))
		return;
	l->ask_at = now + ASK_MS;
	if (l->link_no < 0 && l->wanted) {
		try_to_join(w, l);
		if (l->link_no < 0)
			l->ask_at = clock_ms() + ASK_AGAIN_MS;
	} else if (l->link_no >= 0 && w->view.link[l->link_no].state == PEER_UP && ask(w, l) < 0) {
		l->ask_at = clock_ms() + ASK_AGAIN_MS;
	}
}

/* A lender that is no longer wanted leaves when it is empty. */
static void leave(struct watch *w, struct watched *l)
{
	char words[WORDS_MAX];

	if (l->wanted || (l->link_no >= 0 && !engine_retire(w->engine, (unsigned)l->link_no)))
		return;
	if (l->link_no >= 0) {
		words_print(words, "lender %.200s has no pages left and may be stopped",
		            l->text);
		probe_close(&l->probe);
		watch_say(w, words);
	}
	l->link_no = -1;
	l->refused = false;
	if (!l->given) {
		lookup_drop(l->lookup);
		*l->text = '\0';
	}
}

static void tell_core(struct watch *w, struct watched *l)
{
	uint64_t page = l->wanted ? l->asks_back : 0;

	if (l->link_no < 0 || page == l->told)
		return;
	/* Before it is known how large its pool is, there is nothing to be wanted. */
	if (page != UINT64_MAX && !w->view.link[l->link_no].known)
		return;
	engine_wants(w->engine, (unsigned)l->link_no, page);
	l->told = page;
}

/* It leads to something of the link OTHER's, -1 nobody's; TOLD is what was told last. */
static void tell_of_other(struct watch *w, struct watched *l, int other, int *told, const char *what,
                          const char *why)
{
	char words[WORDS_MAX];

	if (other == *told)
		return;
	*told = other;
	if (other < 0)
		return;
	words_print(words, "lender %.200s leads to the %s of lender %.200s, and is not used while "
	            "it does: %s", l->text, what, watch_name(w, (unsigned)other), why);
	watch_say(w, words);
}

static void tell_twin(struct watch *w, struct watched *l)
{
	const struct link_view *link = &w->view.link[l->link_no];

	tell_of_other(w, l, link->twin, &l->twin, "pool", "each copy is on a different lender");
	tell_of_other(w, l, link->sibling, &l->sibling, "farpaged",
	              "both copies of a page would be lost together (same-lender=yes allows that)");
}

static void tell_left_out(struct watch *w, struct watched *l)
{
	bool left_out = w->view.link[l->link_no].left_out;
	char words[WORDS_MAX];

	if (left_out == l->left_out)
		return;
	l->left_out = left_out;
	if (left_out)
		words_print(words, "lender %.200s connects, but again and again does not answer "
		            "in time: it is left out, and its copies are made on others that have "
		            "room", l->text);
	else
		words_print(words, "lender %.200s is no longer left out", l->text);
	watch_say(w, words);
}

static void tell_news(struct watch *w)
{
	char words[WORDS_MAX];

	for (unsigned i = 0; i < LENDERS_MAX; i++) {
		struct watched *l = &w->lender[i];

		if (!*l->text || l->link_no < 0)
			continue;
		if (events_of(&l->events, &w->loss, l->text, &w->view.link[l->link_no], w->view.now,
		              words))
			watch_say(w, words);
		tell_twin(w, l);
		tell_left_out(w, l);
	}
	while (events_of_host(&w->host, &w->view, words))
		watch_say(w, words);
	if (w->o.copies > 1 && events_of_copies(&w->loss, &w->view, w->o.copies, words))
		watch_say(w, words);
	if (events_of_unread(&w->loss, &w->view, words))
		watch_say(w, words);
}

static void watch_look(struct watch *w)
{
	if (w->o.file)
		watch_read(w);
	engine_look(w->engine, &w->view);
	tell_news(w);
	for (unsigned i = 0; i < LENDERS_MAX; i++) {
		struct watched *l = &w->lender[i];

		if (!*l->text)
			continue;
		watch_name_again(w, l);
		visit(w, l);
		tell_core(w, l);
		leave(w, l);
	}
}

/* Whom the opening found is not told. */
static void look_first(struct watch *w)
{
	engine_look(w->engine, &w->view);
	for (unsigned i = 0; i < LENDERS_MAX; i++) {
		struct watched *l = &w->lender[i];
		const struct link_view *link = &w->view.link[l->link_no < 0 ? 0 : l->link_no];

		if (!*l->text || l->link_no < 0)
			continue;
		l->events.state = link->known ? EVENTS_UP : EVENTS_LOST;
		l->events.since = w->view.now;
		memcpy(l->events.identity, link->identity, sizeof link->identity);
	}
}

static void *run(void *watch)
{
	struct watch *w = watch;
	struct pollfd p = { .fd = w->stop, .events = POLLIN };

	pthread_setname_np(pthread_self(), "farpage-watch");
	look_first(w);
	while (poll(&p, 1, LOOK_MS) <= 0)
		watch_look(w);
	return NULL;
}

static void end_telling(struct watch *w)
{
	tell_close(w->tell, clock_ms() + TELL_MS);
	w->tell = NULL;
}

int watch_start(struct watch *w, struct engine *e)
{
	int r;

	if (w->running || (!w->o.file && !watch_name(w, 0)))
		return 0;
	w->engine = e;
	w->tell = w->o.warn ? tell_open(w->o.warn, w->o.user) : NULL;
	if (w->o.warn && !w->tell)
		return errno;
	r = pthread_create(&w->thread, NULL, run, w);
	w->running = !r;
	if (r)
		end_telling(w);
	return r;
}

void watch_stop(struct watch *w)
{
	if (!w->running)
		return;
	eventfd_write(w->stop, 1);
	pthread_join(w->thread, NULL);
	w->running = false;
	end_telling(w);
}
