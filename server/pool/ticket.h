/* SPDX-License-Identifier: BSD-2-Clause */
/* Tickets: each lets one further connection of a pool's owner in. They are told only to
 * connections of the owner, and are lost with the process. Under pool.lock. */
#ifndef FARPAGE_TICKET_H
#define FARPAGE_TICKET_H

#include <stdbool.h>
#include <stdint.h>

#define TICKET_TEXT_MAX 33 /* hex, with its NUL */
#define TICKETS_MAX     16 /* that are good at a time: one more voids the oldest */

struct ticket {
	uint8_t byte[16];
};

/* Zeros: none is good. */
struct tickets {
	struct {
		bool good;
		struct ticket ticket;
	} slot[TICKETS_MAX];
	unsigned next;
};

struct ticket ticket_issue(struct tickets *);
bool ticket_good(const struct tickets *, const struct ticket *);
/* It is void from now on. */
void ticket_use(struct tickets *, const struct ticket *);

void ticket_format(const struct ticket *, char text[static TICKET_TEXT_MAX]);
/* -1: it is none. */
int ticket_parse(struct ticket *, const char *text);

#endif
