/* SPDX-License-Identifier: BSD-2-Clause */
/* Tickets: each lets one further connection of a pool's owner in. Only connections of the owner
 * get them, and they are lost with the process. Under pool.lock. */
#ifndef FARPAGE_TICKET_H
#define FARPAGE_TICKET_H

#include <stdbool.h>
#include <stdint.h>

#define TICKET_TEXT_MAX 33 /* hex, with its NUL */
#define TICKETS_MAX     16 /* valid at a time: one more voids the oldest */

struct ticket {
	uint8_t byte[16];
};

/* Zeros: none is valid. */
struct tickets {
	struct {
		bool good;
		struct ticket ticket;
	} slot[TICKETS_MAX];
	unsigned next;
};

struct ticket ticket_issue(struct tickets *);
bool ticket_good(const struct tickets *, const struct ticket *);
/* Use it up: it is void from now on. */
void ticket_use(struct tickets *, const struct ticket *);

void ticket_format(const struct ticket *, char text[static TICKET_TEXT_MAX]);
/* Parse one. -1: it is no ticket. */
int ticket_parse(struct ticket *, const char *text);

#endif
