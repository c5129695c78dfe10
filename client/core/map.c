/* SPDX-License-Identifier: BSD-2-Clause */
#include "map.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "locked.h"

int map_open(struct map *m, uint64_t pages)
{
	assert(pages);
	*m = (struct map){ .pages = pages, .held[PAGE_ABSENT] = pages, .extents = (pages + EXTENT_PAGES - 1) / EXTENT_PAGES };
	m->blocks = (m->extents + BLOCK_EXTENTS - 1) / BLOCK_EXTENTS;
	m->extent = calloc(m->extents, sizeof *m->extent);
	m->block = calloc(m->blocks, sizeof *m->block);
	if (!m->extent || !m->block)
		return -1;
	for (uint64_t e = 0; e < m->extents; e++)
		for (unsigned copy = 0; copy < COPY_PLACES; copy++)
			m->extent[e].copy[copy].link_no = -1;
	return 0;
}

void map_close(struct map *m)
{
	for (uint64_t i = 0; m->block && i < m->blocks; i++)
		record_block_free(m->block[i].record);
	while (m->readies)
		record_block_free(m->ready[--m->readies]);
	free(m->extent);
	free(m->block);
	*m = (struct map){0};
}

void *record_block_new(void)
{
	return locked_open(BLOCK_BYTES);
}

void record_block_free(void *block)
{
	if (!block)
		return;
	explicit_bzero(block, BLOCK_BYTES);
	locked_close(block, BLOCK_BYTES);
}

int map_fill(struct map *m)
{
	assert(!m->whole && !m->readies);
	for (uint64_t i = 0; i < m->blocks; i++) {
		m->block[i].record = record_block_new();
		if (!m->block[i].record)
			return -1;
	}
	m->whole = true;
	return 0;
}

unsigned map_wants(const struct map *m)
{
	assert(m->readies <= BLOCKS_READY);
	return m->whole ? 0 : BLOCKS_READY - m->readies;
}

void map_give(struct map *m, void *block)
{
	assert(block && m->readies < BLOCKS_READY);
	m->ready[m->readies++] = block;
	m->dry = false;
}

uint32_t map_extent_pages(const struct map *m, const struct extent *e)
{
	uint64_t first = (uint64_t)(e - m->extent) * EXTENT_PAGES;

	assert(e >= m->extent && first < m->pages);
	return (uint32_t)(m->pages - first < EXTENT_PAGES ? m->pages - first : EXTENT_PAGES);
}

static struct record_block *block_of(const struct map *m, const struct extent *e)
{
	assert(e >= m->extent && e < m->extent + m->extents);
	return &m->block[(uint64_t)(e - m->extent) / BLOCK_EXTENTS];
}

bool map_touch(struct map *m, uint64_t page)
{
	struct extent *e = map_extent(m, page);
	struct record_block *block = block_of(m, e);

	assert(page < m->pages);
	if (e->record)
		return true;
	if (!block->record && !m->readies)
		return false;
	if (!block->record)
		block->record = m->ready[--m->readies];
	block->used++;
	assert(block->used <= BLOCK_EXTENTS);
	e->record = block->record + (uint64_t)(e - m->extent) % BLOCK_EXTENTS * EXTENT_PAGES;
	return true;
}

/* The records are all zero again: of an absent page nothing is remembered. */
void map_forget(struct map *m, struct extent *e)
{
	struct record_block *block = block_of(m, e);

	assert(!e->used && !e->taken && e->record);
	assert(block->record && block->used);
	e->record = NULL;
	if (--block->used || m->whole)
		return;
	if (m->readies < BLOCKS_READY)
		map_give(m, block->record);
	else
		record_block_free(block->record);
	block->record = NULL;
}

static bool absent(const struct map *m, uint64_t page)
{
	const struct record *r = map_record(m, page);

	return !r || r->state == PAGE_ABSENT;
}

bool map_look(const struct map *m, uint64_t page, uint64_t *n)
{
	uint64_t end = page + (*n < BLOCK_PAGES ? *n : BLOCK_PAGES), at = page;
	bool hole = absent(m, page);

	assert(*n && page < m->pages && *n <= m->pages - page);
	while (at < end && absent(m, at) == hole)
		at += map_record(m, at) ? 1 : EXTENT_PAGES - at % EXTENT_PAGES;
	*n = (at < end ? at : end) - page;
	return hole;
}

bool map_take(struct map *m, uint64_t page, uint32_t n)
{
	struct record *r = map_record(m, page);

	assert(r && n && page % EXTENT_PAGES + n <= EXTENT_PAGES);
	for (uint32_t i = 0; i < n; i++)
		if (r[i].taken)
			return false;
	for (uint32_t i = 0; i < n; i++)
		r[i].taken = 1;
	map_extent(m, page)->taken += n;
	return true;
}

void map_release(struct map *m, uint64_t page, uint32_t n)
{
	struct record *r = map_record(m, page);

	assert(map_extent(m, page)->taken >= n);
	for (uint32_t i = 0; i < n; i++) {
		assert(r[i].taken);
		r[i].taken = 0;
	}
	map_extent(m, page)->taken -= n;
}

void map_set(struct map *m, uint64_t page, const struct record *record)
{
	struct record *r = map_record(m, page);
	struct extent *e = map_extent(m, page);
	uint64_t taken;

	assert(r && page < m->pages);
	assert(m->held[r->state] && (e->used || r->state == PAGE_ABSENT));
	taken = r->taken;
	e->used -= r->state != PAGE_ABSENT;
	m->held[r->state]--;
	*r = *record;
	r->taken = taken & 1;
	if (r->state == PAGE_ABSENT)
		*r = (struct record){ .taken = taken & 1 };
	e->used += r->state != PAGE_ABSENT;
	m->held[r->state]++;
	assert(e->used <= EXTENT_PAGES);
}
