/* SPDX-License-Identifier: BSD-2-Clause */
#include "ticket.h"

#include <stdio.h>
#include <string.h>

#include "secret.h"

struct ticket ticket_issue(struct tickets *t)
{
	unsigned i = t->next++ % TICKETS_MAX;

	secret_random(&t->slot[i].ticket, sizeof t->slot[i].ticket);
	t->slot[i].good = true;
	return t->slot[i].ticket;
}

/* Its slot, or -1. All are looked at. */
static int ticket_find(const struct tickets *t, const struct ticket *ticket)
{
	int found = -1;

	for (int i = 0; i < TICKETS_MAX; i++)
		if (secret_same(&t->slot[i].ticket, ticket, sizeof *ticket) & t->slot[i].good)
			found = i;
	return found;
}

bool ticket_good(const struct tickets *t, const struct ticket *ticket)
{
	return ticket_find(t, ticket) >= 0;
}

void ticket_use(struct tickets *t, const struct ticket *ticket)
{
	int i = ticket_find(t, ticket);

	if (i >= 0)
		t->slot[i].good = false;
}

void ticket_format(const struct ticket *ticket, char text[static TICKET_TEXT_MAX])
{
	for (size_t i = 0; i < sizeof ticket->byte; i++)
		snprintf(text + 2 * i, 3, "%02x", ticket->byte[i]);
}

int ticket_parse(struct ticket *ticket, const char *text)
{
	static const char digits[] = "0123456789abcdef";

	if (strlen(text) != TICKET_TEXT_MAX - 1 || text[strspn(text, digits)])
		return -1;
	for (size_t i = 0; i < sizeof ticket->byte; i++)
		ticket->byte[i] = (uint8_t)((strchr(digits, text[2 * i]) - digits) << 4 |
		                            (strchr(digits, text[2 * i + 1]) - digits));
	return 0;
}
