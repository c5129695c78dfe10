/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

#define CELLS (STORE_SLOTS * STORE_OF)

/* Pages that no store has; they are made once. */
static uint8_t *free_page[4096];
static unsigned free_n;

static uint8_t *page_take(void)
{
	uint8_t *page = free_n ? free_page[--free_n] : malloc(PAGE_BYTES);

	if (!page)
		fail("the simulator has no memory");
	return page;
}

static void page_drop(uint8_t *page)
{
	if (!page)
		return;
	if (free_n < sizeof free_page / sizeof *free_page)
		free_page[free_n++] = page;
	else
		free(page);
}

static int cell_of(uint64_t page)
{
	uint64_t slot = page / EXTENT_PAGES, at = page % EXTENT_PAGES;

	if (slot >= STORE_SLOTS)
		return -1;
	if (at >= EXTENT_PAGES - TAIL)
		at -= EXTENT_PAGES - TAIL - HEAD - TAIL;
	else if (at >= SHORT - TAIL && at < SHORT)
		at -= SHORT - TAIL - HEAD;
	else if (at >= HEAD)
		return -1;
	return (int)(slot * STORE_OF + at);
}

void store_put(struct store *s, uint64_t page, const uint8_t *data)
{
	int at = cell_of(page);
	uint8_t *spare;

	if (at < 0)
		fail("page %llu of a pool was put, where nothing belongs",
		     (unsigned long long)page);
	spare = s->cell[at].was ? s->cell[at].was : page_take();
	s->cell[at].was = s->cell[at].data;
	s->cell[at].data = spare;
	s->cell[at].dropped = false;
	memcpy(spare, data, PAGE_BYTES);
}

const uint8_t *store_look(const struct store *s, uint64_t page)
{
	int at = cell_of(page);

	return at < 0 ? NULL : s->cell[at].data;
}

void store_get(const struct store *s, uint64_t page, uint8_t *data)
{
	const uint8_t *from = store_look(s, page);

	if (from)
		memcpy(data, from, PAGE_BYTES);
	else
		memset(data, 0, PAGE_BYTES);
}

static void forget(struct cell *c)
{
	c->dropped = false;
	if (!c->data)
		return;
	page_drop(c->was);
	c->was = c->data;
	c->data = NULL;
}

static uint64_t page_of(unsigned cell)
{
	uint64_t at = cell % STORE_OF;

	if (at >= HEAD + TAIL)
		at += EXTENT_PAGES - TAIL - HEAD - TAIL;
	else if (at >= HEAD)
		at += SHORT - TAIL - HEAD;
	return cell / STORE_OF * EXTENT_PAGES + at;
}

void store_flush(struct store *s, uint64_t page, uint64_t n)
{
	for (unsigned i = 0; i < CELLS; i++)
		if (page_of(i) - page < n)
			forget(&s->cell[i]);
}

void store_drop(struct store *s, uint64_t from)
{
	for (unsigned i = 0; i < CELLS; i++)
		if (s->cell[i].data && page_of(i) >= from) {
			forget(&s->cell[i]);
			s->cell[i].dropped = true;
		}
}

bool store_dropped(const struct store *s, uint64_t page)
{
	int at = cell_of(page);

	return at >= 0 && s->cell[at].dropped;
}

void store_wipe(struct store *s)
{
	for (unsigned i = 0; i < CELLS; i++) {
		page_drop(s->cell[i].data);
		page_drop(s->cell[i].was);
		s->cell[i] = (struct cell){0};
	}
}

struct cell *store_any(struct store *s)
{
	for (unsigned i = 0, at = (unsigned)dice(CELLS); i < CELLS; i++, at = (at + 1) % CELLS)
		if (s->cell[at].data)
			return &s->cell[at];
	return NULL;
}
