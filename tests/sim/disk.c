/* SPDX-License-Identifier: BSD-2-Clause */
/* The spill: a link to a file. Closing it ends what is under way, one way or another;
 * what failed may have left any mixture of before and after. */
#include "sim.h"

#include <errno.h>
#include <string.h>

#define DISK_ASKS 256u

struct disk disk;

/* Copies: an ask is the core's again before the link is closed. */
static struct ask under_way[DISK_ASKS];
static struct ask *asked[DISK_ASKS];
static unsigned age[DISK_ASKS]; /* so that who comes late knows */

void disk_reset(void)
{
	store_wipe(&disk.store);
	disk = (struct disk){0};
	memset(asked, 0, sizeof asked);
	memset(age, 0, sizeof age);
}

void disk_connect(void)
{
	if (disk.up)
		fail("the spill is opened, but it is open");
	HAPPENED(CONNECT);
	disk.up = true;
	core_link_up(&core, config.lenders, "disk 1", EXTENTS * EXTENT_PAGES, now);
}

static void tear(uint64_t page, const uint8_t *data)
{
	uint8_t mixed[PAGE_BYTES];

	store_get(&disk.store, page, mixed);
	for (unsigned i = 0; i < PAGE_BYTES; i += 512)
		if (chance(2))
			memcpy(mixed + i, data + i, 512);
	store_put(&disk.store, page, mixed);
}

/* All of it, or what fails to be. */
static void carry_out(const struct ask *a, bool well)
{
	if (a->kind == ASK_DISCARD && (well || chance(2)))
		store_flush(&disk.store, a->page, a->pages);
	TRACE("the spill %s %llu+%u%s",
	      (const char *[]){ "writes", "reads", "flushes" }[a->kind],
	      (unsigned long long)a->page, a->pages, well ? "" : ", torn");
	for (uint32_t i = 0; i < a->pages && a->kind != ASK_DISCARD; i++) {
		uint8_t *data = a->data + i * PAGE_BYTES;

		if (a->kind == ASK_GET && (well || chance(2)))
			store_get(&disk.store, a->page + i, data);
		else if (a->kind == ASK_PUT && well)
			store_put(&disk.store, a->page + i, data);
		else if (a->kind == ASK_PUT)
			tear(a->page + i, data);
	}
}

static void finish(struct ask *a)
{
	int error = disk.errors && chance(2) ? EIO
	            : disk.full && a->kind == ASK_PUT ? ENOSPC : 0;

	TRACE("the spill replies to %s of %llu+%u: %d",
	      (const char *[]){ "put", "get", "flush" }[a->kind],
	      (unsigned long long)a->page, a->pages, error);
	carry_out(a, !error);
	core_reply(&core, a, error, now);
}

static void due(unsigned what)
{
	unsigned i = what % DISK_ASKS;
	struct ask *a = asked[i];

	if (!a || what / DISK_ASKS != age[i])
		return;
	if (disk.stuck) {
		event_at(now + 10, due, what);
		return;
	}
	asked[i] = NULL;
	finish(a);
}

void disk_send(struct ask *a)
{
	unsigned i = 0;

	if (!disk.up)
		fail("the spill is asked for something, but it is not up");
	if (a->kind == ASK_PUT)
		HAPPENED(SPILL_PUT);
	else if (a->kind == ASK_GET)
		HAPPENED(SPILL_GET);
	else
		HAPPENED(SPILL_FLUSH);
	if (chance(4) && !disk.stuck) {
		HAPPENED(REPLY_AT_ONCE);
		finish(a);
		return;
	}
	while (i < DISK_ASKS && asked[i])
		i++;
	if (i == DISK_ASKS)
		fail("more than %u asks are under way on the spill", DISK_ASKS);
	asked[i] = a;
	under_way[i] = *a;
	age[i]++;
	event_at(now + (int64_t)dice(4 + (uint64_t)disk.slow), due, i + age[i] * DISK_ASKS);
}

void disk_close(void)
{
	if (!disk.up)
		fail("the spill is closed, but it is not open");
	TRACE("the spill is closed");
	disk.up = false;
	for (unsigned i = 0; i < DISK_ASKS; i++)
		if (asked[i]) {
			carry_out(&under_way[i], chance(2));
			asked[i] = NULL;
		}
}
