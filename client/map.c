/* SPDX-License-Identifier: BSD-2-Clause */
#include "map.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#define STATE_MASK 0x03u
#define TAKEN      0x80u

int map_open(struct map *m, uint64_t pages)
{
	void *p = mmap(NULL, pages, PROT_READ | PROT_WRITE,
	               MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED)
		return -1;
	m->record = p;
	m->pages = pages;
	return 0;
}

void map_close(struct map *m)
{
	if (m->record)
		munmap(m->record, m->pages);
	*m = (struct map){0};
}

enum page_state map_state(const struct map *m, uint64_t page)
{
	return (enum page_state)(m->record[page] & STATE_MASK);
}

static void set(uint8_t *record, enum page_state state)
{
	*record = (uint8_t)((*record & ~STATE_MASK) | state);
}

void map_set(struct map *m, uint64_t page, uint64_t n, enum page_state state)
{
	for (uint64_t i = page; i < page + n; i++)
		set(&m->record[i], state);
}

void map_lose(struct map *m)
{
	for (uint64_t i = 0; i < m->pages; i++)
		if (map_state(m, i) == PAGE_PRESENT)
			set(&m->record[i], PAGE_LOST);
}

bool map_take(struct map *m, uint64_t page, uint64_t n)
{
	for (uint64_t i = page; i < page + n; i++)
		if (m->record[i] & TAKEN)
			return false;
	for (uint64_t i = page; i < page + n; i++)
		m->record[i] = (uint8_t)(m->record[i] | TAKEN);
	return true;
}

void map_release(struct map *m, uint64_t page, uint64_t n)
{
	for (uint64_t i = page; i < page + n; i++)
		m->record[i] = (uint8_t)(m->record[i] & ~TAKEN);
}

uint64_t map_count(const struct map *m, uint64_t page, uint64_t n,
                   enum page_state state)
{
	uint64_t count = 0;

	for (uint64_t i = page; i < page + n; i++)
		count += map_state(m, i) == state;
	return count;
}
