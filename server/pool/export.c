/* SPDX-License-Identifier: BSD-2-Clause */
#include "export.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Cut TEXT at the first C; what follows it, or NULL. */
static char *cut(char *text, int c)
{
	char *at = strchr(text, c);

	if (at)
		*at++ = '\0';
	return at;
}

static int parse_epoch(struct export *e, char *text)
{
	char *ticket = cut(text, '.'), *end;

	e->how = ticket ? EXPORT_TICKET : EXPORT_EPOCH;
	if (!isdigit((unsigned char)*text))
		return -1;
	errno = 0;
	e->epoch = strtoull(text, &end, 10);
	return errno || *end || (ticket && ticket_parse(&e->ticket, ticket) < 0) ? -1 : 0;
}

static int parse_claim(struct export *e, char *query)
{
	e->how = EXPORT_CLAIM;
	for (char *next; query; query = next) {
		next = cut(query, '&');
		if (strcmp(query, "force") == 0)
			e->force = true;
		else if (strncmp(query, "claim=", 6) == 0 &&
		         pool_name_valid(query + 6) && !*e->instance)
			strcpy(e->instance, query + 6);
		else
			return -1;
	}
	return *e->instance ? 0 : -1;
}

_Static_assert(POOL_INSTANCE_MAX == POOL_NAME_MAX,
               "pool_name_valid() bounds instances too");

int export_parse(struct export *e, const char *text, size_t len)
{
	char copy[2 * POOL_NAME_MAX + 64];
	char *query, *epoch;

	memset(e, 0, sizeof *e);
	if (len >= sizeof copy || memchr(text, 0, len))
		return -1;
	memcpy(copy, text, len);
	copy[len] = '\0';
	query = cut(copy, '?');
	epoch = cut(copy, '@');
	if ((*copy && !pool_name_valid(copy)) || (query && epoch))
		return -1;
	strcpy(e->name, copy);
	if (query)
		return parse_claim(e, query);
	if (epoch)
		return parse_epoch(e, epoch);
	return 0;
}
