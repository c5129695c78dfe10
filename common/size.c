/* SPDX-License-Identifier: BSD-2-Clause */
#include "size.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char units[] = "BKMGTP";

/* "", "K", "KB", "KiB" and so on; -1 for anything else. */
static int shift_of(const char *unit)
{
	const char *at;

	if (!*unit)
		return 0;
	at = strchr(units, toupper((unsigned char)*unit));
	if (!at)
		return -1;
	if (unit[1] && (at == units || (strcasecmp(unit + 1, "iB") != 0 &&
	                                strcasecmp(unit + 1, "B") != 0)))
		return -1;
	return (int)(at - units) * 10;
}

int size_parse(const char *text, uint64_t *bytes)
{
	uint64_t whole = 0, rest = 0, scale = 1;
	char *end;
	int shift;

	if (!isdigit((unsigned char)*text))
		return -1;
	errno = 0;
	whole = strtoull(text, &end, 10);
	if (errno)
		return -1;
	if (*end == '.') {
		for (end++; isdigit((unsigned char)*end) && scale < 1000000; end++) {
			rest = rest * 10 + (uint64_t)(*end - '0');
			scale *= 10;
		}
		if (scale == 1)
			return -1;
	}
	shift = shift_of(end);
	if (shift < 0 || whole > (uint64_t)INT64_MAX >> shift)
		return -1;
	rest = (uint64_t)(((unsigned __int128)rest << shift) / scale);
	*bytes = (whole << shift) + rest;
	return *bytes > INT64_MAX ? -1 : 0;
}

void size_format(uint64_t bytes, char text[static 32])
{
	int unit = 0;

	while (bytes && bytes % 1024 == 0 && units[unit + 1]) {
		bytes /= 1024;
		unit++;
	}
	if (unit)
		snprintf(text, 32, "%" PRIu64 "%c", bytes, units[unit]);
	else
		snprintf(text, 32, "%" PRIu64, bytes);
}
