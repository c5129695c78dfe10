/* SPDX-License-Identifier: BSD-2-Clause */
#include "events.h"

#include <stdio.h>
#include <string.h>

static double seconds(int64_t ms)
{
	return (double)ms / 1000;
}

/* The first loss counts until all is well again. */
static void note_loss(struct events_loss *loss, const char *name, int64_t since)
{
	if (loss->since)
		return;
	loss->since = since;
	snprintf(loss->lender, sizeof loss->lender, "%s", name);
}

static bool went(struct events *n, struct events_loss *loss, const char *name,
                 const struct link_view *l, int64_t now, char *words)
{
	bool first = n->state == EVENTS_NEW;
	int64_t since = l->known ? l->down_since : now;

	if (first ? !*l->words : now - since < EVENTS_LOST_MS)
		return false;
	n->state = EVENTS_LOST;
	n->since = since;
	if (first)
		return words_print(words, "lender %.200s is not there yet: %s", name, l->words);
	note_loss(loss, name, since);
	return words_print(words, "lender %.200s is lost: %s", name,
	                   *l->words ? l->words : "the connection ended");
}

static bool came(struct events *n, struct events_loss *loss, const char *name,
                 const struct link_view *l, int64_t now, char *words)
{
	bool new = !*n->identity, other = !new && !identity_same_pool(n->identity, l->identity);
	enum events_state was = n->state;

	n->state = EVENTS_UP;
	memcpy(n->identity, l->identity, sizeof n->identity);
	if (other)
		note_loss(loss, name, was == EVENTS_LOST ? n->since : now);
	if (was == EVENTS_NEW)
		return words_print(words, "lender %.200s is added", name);
	if (was == EVENTS_LOST)
		return words_print(words, "lender %.200s is %s after %.1f s%s", name,
		                   new ? "there" : "back", seconds(now - n->since),
		                   other ? ", without the pages that it had" : "");
	return other && words_print(words, "lender %.200s lost the pages that it had", name);
}

bool events_of(struct events *n, struct events_loss *loss, const char *name, const struct link_view *l,
               int64_t now, char words[static WORDS_MAX])
{
	switch (l->state) {
	case PEER_UP:
		return came(n, loss, name, l, now, words);
	case PEER_GONE:
		if (n->state == EVENTS_GONE)
			return false;
		n->state = EVENTS_GONE;
		note_loss(loss, name, now);
		return words_print(words, "lender %.200s: another borrower had its pool, so it is no longer "
		                   "used", name);
	case PEER_DOWN:
	case PEER_CONNECTING:
		return (n->state == EVENTS_NEW || n->state == EVENTS_UP) &&
		       went(n, loss, name, l, now, words);
	case PEER_STUCK:
	case PEER_RETIRED:
		break;
	}
	return false;
}

/* Since when, of what may end before it is worth a word. */
static bool lasts(int64_t *since, bool is, int64_t now)
{
	if (!is)
		*since = 0;
	else if (!*since)
		*since = now;
	return is && now - *since >= EVENTS_FEWER_MS;
}

static bool complete(struct events_loss *loss, const struct engine_view *v, char *words)
{
	int64_t since = loss->since;

	loss->since = 0;
	loss->fewer = false;
	if (!*loss->lender)
		return words_print(words, "all copies are complete again, %.1f s after the first was missing",
		                   seconds(v->now - since));
	return words_print(words, "all copies are complete again, %.1f s after lender %s was lost",
	                   seconds(v->now - since), loss->lender);
}

bool events_of_copies(struct events_loss *loss, const struct engine_view *v, unsigned copies,
                      char words[static WORDS_MAX])
{
	bool fewer = lasts(&loss->fewer_since, v->missing, v->now);

	if (loss->since && !v->unhealed)
		return complete(loss, v, words);
	if (!fewer || loss->fewer)
		return false;
	loss->fewer = true;
	note_loss(loss, "", loss->fewer_since);
	return words_print(words, "pages with fewer than %u copies: %llu (%llu MiB); more copies "
	                   "are made when lenders have room for them", copies,
	                   (unsigned long long)v->missing, (unsigned long long)(v->missing + 255) / 256);
}

bool events_of_unread(struct events_loss *loss, const struct engine_view *v,
                      char words[static WORDS_MAX])
{
	char pages[UNREAD_MAX * 22] = "";
	size_t at = 0;

	if (!lasts(&loss->unread_since, v->unread.n, v->now)) {
		loss->unread = v->unread.n ? loss->unread : 0;
		return false;
	}
	if (v->unread.n <= loss->unread)
		return false;
	loss->unread = v->unread.n;
	for (uint64_t i = 0; i < v->unread.n && i < UNREAD_MAX; i++)
		at += (size_t)snprintf(pages + at, sizeof pages - at, "%s%llu", i ? ", " : "",
		                       (unsigned long long)v->unread.page[i]);
	return words_print(words, "no lender has page %s%s as it was written, so it cannot be "
	                   "copied, and reading it fails", pages,
	                   v->unread.n > UNREAD_MAX ? " and others" : "");
}

bool events_of_host(struct events_host *n, const struct engine_view *v,
                    char words[static WORDS_MAX])
{
	if (n->dry != v->dry) {
		n->dry = v->dry;
		return words_print(words, "%s", n->dry
			? "there is no memory for records of more pages: writes of new pages fail "
			  "until there is"
			: "there is memory for records again");
	}
	if (n->stuck != v->stuck) {
		n->stuck = v->stuck;
		return words_print(words, "%s", n->stuck
			? "the spill does not answer: its pages cannot be read, and it gets no "
			  "new ones"
			: "the spill answers again");
	}
	return false;
}
