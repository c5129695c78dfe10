/* SPDX-License-Identifier: BSD-2-Clause */
/* What farpage_stats() tells, as a struct and as JSON. */
#include "farpage.h"

#include <string.h>

#include "transfer.h"
#include "clock.h"
#include "json.h"

_Static_assert(FARPAGE_LENDERS_MAX + 1 == LINKS_MAX, "each link has its place");

static const char *const state_words[] = {
	[PEER_DOWN] = "down",
	[PEER_CONNECTING] = "connecting",
	[PEER_UP] = "up",
	[PEER_STUCK] = "hung",
	[PEER_GONE] = "another's",
	[PEER_RETIRED] = "gone",
};

static void look_at_link(const struct engine *e, unsigned link_no, int64_t now,
                         struct farpage_lender_stats *s)
{
	const struct peer *p = &e->core.peer[link_no];
	const struct slots *slots = &e->core.layout.slots[link_no];
	int64_t since = p->state_since > e->begun_at ? p->state_since : e->begun_at;

	memcpy(s->name, e->link[link_no]->name, sizeof s->name);
	s->state = state_words[p->state];
	s->state_ms = (uint64_t)(now - since);
	s->room = slots->pages * PAGE_BYTES;
	s->used = slots->used * EXTENT_PAGES * PAGE_BYTES;
	if (s->used > s->room)
		s->used = s->room; /* the last extent is short */
	s->timeouts = p->timeouts;
	s->put = e->figures[link_no].kind[ASK_PUT];
	s->get = e->figures[link_no].kind[ASK_GET];
	s->flush = e->figures[link_no].kind[ASK_DISCARD];
}

static void stats_look(struct engine *e, struct farpage_stats *s)
{
	const struct core_counts *n = &e->core.counts;
	int64_t now = clock_ms();

	s->size = e->map.pages * PAGE_BYTES;
	s->uptime_ms = (uint64_t)(now - e->begun_at);
	s->copies = e->core.o.copies;
	s->lenders = e->links;
	s->same_pages = e->map.held[PAGE_SAME];
	s->sealed_pages = e->map.held[PAGE_SEALED];
	s->lost_pages = e->map.held[PAGE_LOST];
	s->missing_pages = core_missing(&e->core);
	s->unhealed_pages = core_unhealed(&e->core);
	s->puts = n->puts;
	s->gets = n->gets;
	s->flushes = n->fills;
	s->puts_no_room = n->puts_no_room;
	s->puts_failed = n->put_errors - n->puts_no_room;
	s->gets_failed = n->get_errors;
	s->hedges = n->hedges;
	s->spilled_pages = n->spilled_pages;
	s->healed_pages = n->healed_pages;
	s->bad_pages = n->bad_pages;
	for (unsigned link_no = 0; link_no < e->links; link_no++)
		look_at_link(e, link_no, now, &s->lender[link_no]);
}

void farpage_stats(struct farpage *f, struct farpage_stats *to, size_t size)
{
	struct farpage_stats s = {0};

	pthread_mutex_lock(&f->engine.lock);
	stats_look(&f->engine, &s);
	engine_unlock(&f->engine);
	memset(to, 0, size);
	memcpy(to, &s, size < sizeof s ? size : sizeof s);
}

/* Of the latencies no more than there are. */
static void put_answers(struct json *j, const char *key, const struct farpage_answers *a)
{
	unsigned n = FARPAGE_LATENCIES;

	while (n && !a->us[n - 1])
		n--;
	json_object(j, key);
	json_number(j, "answers", a->answers);
	json_number(j, "pages", a->pages);
	json_number(j, "errors", a->errors);
	json_array(j, "us_log2");
	for (unsigned i = 0; i < n; i++)
		json_number(j, NULL, a->us[i]);
	json_array_end(j);
	json_object_end(j);
}

static void put_lender(struct json *j, const struct farpage_lender_stats *l)
{
	json_object(j, NULL);
	json_text(j, "name", l->name);
	json_text(j, "state", l->state);
	json_seconds(j, "state_seconds", l->state_ms);
	json_number(j, "room_bytes", l->room);
	json_number(j, "used_bytes", l->used);
	json_number(j, "timeouts", l->timeouts);
	put_answers(j, "put", &l->put);
	put_answers(j, "get", &l->get);
	put_answers(j, "flush", &l->flush);
	json_object_end(j);
}

static void put_pages(struct json *j, const struct farpage_stats *s)
{
	json_object(j, "pages");
	json_number(j, "same", s->same_pages);
	json_number(j, "sealed", s->sealed_pages);
	json_number(j, "lost", s->lost_pages);
	json_number(j, "missing", s->missing_pages);
	json_number(j, "unhealed", s->unhealed_pages);
	json_number(j, "healed", s->healed_pages);
	json_number(j, "spilled", s->spilled_pages);
	json_number(j, "bad", s->bad_pages);
	json_object_end(j);
}

static void put_operations(struct json *j, const struct farpage_stats *s)
{
	json_object(j, "operations");
	json_number(j, "puts", s->puts);
	json_number(j, "puts_no_room", s->puts_no_room);
	json_number(j, "puts_failed", s->puts_failed);
	json_number(j, "gets", s->gets);
	json_number(j, "gets_failed", s->gets_failed);
	json_number(j, "flushes", s->flushes);
	json_number(j, "hedges", s->hedges);
	json_object_end(j);
}

size_t farpage_stats_json(struct farpage *f, char *buf, size_t n)
{
	struct farpage_stats s;
	struct json j;

	farpage_stats(f, &s, sizeof s);
	json_start(&j, buf, n);
	json_object(&j, NULL);
	json_text(&j, "instance", f->instance);
	json_number(&j, "size_bytes", s.size);
	json_seconds(&j, "uptime_seconds", s.uptime_ms);
	json_number(&j, "copies", s.copies);
	put_pages(&j, &s);
	put_operations(&j, &s);
	json_array(&j, "lenders");
	for (unsigned link_no = 0; link_no < s.lenders; link_no++)
		if (strcmp(s.lender[link_no].state, "gone") != 0)
			put_lender(&j, &s.lender[link_no]);
	json_array_end(&j);
	json_object_end(&j);
	return json_finish(&j);
}
