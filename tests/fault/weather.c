/* SPDX-License-Identifier: BSD-2-Clause */
/* What happens to all that passes, and what is said of the pool. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "nbd.h"

struct weather weather;

void weather_clear(void)
{
	weather = (struct weather){ .size = 0 };
}

/* "[NUMBER...] [request|reply]": the numbers that are there; -1 if it is something else. */
static int numbers(char *rest, uint64_t number[static 2], bool side[static 2])
{
	char *word, *end;
	int n = 0;

	side[TO_LENDER] = side[TO_BORROWER] = true;
	while ((word = strtok_r(NULL, " ", &rest))) {
		if (strcmp(word, "request") == 0)
			side[TO_BORROWER] = false;
		else if (strcmp(word, "reply") == 0)
			side[TO_LENDER] = false;
		else if (n == 2 || (number[n++] = strtoull(word, &end, 10), end == word || *end))
			return -1;
	}
	return n;
}

static int announce(char *rest)
{
	char *value = strchr(rest, '='), *end = "";

	if (strcmp(rest, "nothing") == 0) {
		weather.silent = true;
		return 0;
	}
	if (!value || strlen(rest) >= sizeof weather.words)
		return -1;
	value++;
	if (strncmp(rest, "size=", 5) == 0) {
		weather.lie_size = true;
		weather.size = strtoull(value, &end, 10);
	} else if (strncmp(rest, "flags=", 6) == 0) {
		weather.lie_flags = true;
		weather.flags = (uint16_t)strtoul(value, &end, 0);
	} else {
		strcpy(weather.words, rest);
	}
	return *end ? -1 : 0;
}

static int64_t until(uint64_t ms)
{
	return ms ? now_ms() + (int64_t)ms : NEVER;
}

int weather_do(const char *word, char *rest)
{
	uint64_t number[2] = { 0, 0 };
	bool side[2];
	int n;

	if (strcmp(word, "announce") == 0)
		return announce(rest);
	n = numbers(rest, number, side);
	if (strcmp(word, "drop") == 0 && n == 0) {
		pairs_drop();
	} else if (strcmp(word, "vanish") == 0 && n >= 0 && n < 2) {
		weather.vanished_until = until(number[0]);
		pairs_mute();
	} else if (strcmp(word, "refuse") == 0 && n >= 0 && n < 2) {
		weather.refused_until = until(number[0]);
	} else if (strcmp(word, "freeze") == 0 && n >= 0 && n < 2) {
		for (int i = 0; i < 2; i++)
			if (side[i])
				weather.frozen_until[i] = until(number[0]);
	} else if (strcmp(word, "slow") == 0 && n >= 1) {
		for (int i = 0; i < 2; i++)
			weather.slow[i] = side[i] ? number[0] : 0;
		weather.slow_until = until(number[1]);
	} else {
		return 1;
	}
	return 0;
}

static bool is_slow(enum side side)
{
	return weather.slow[side] && now_ms() < weather.slow_until;
}

int64_t weather_holds(enum side side)
{
	int64_t t = weather.frozen_until[side];

	return is_slow(side) && weather.next_slice[side] > t ? weather.next_slice[side] : t;
}

size_t weather_allows(enum side side, size_t n)
{
	uint64_t slice = weather.slow[side] / 100 + 1;

	return is_slow(side) && slice < n ? (size_t)slice : n;
}

void weather_sent(enum side side, size_t n)
{
	if (is_slow(side))
		weather.next_slice[side] = now_ms() + (int64_t)(n * 1000 / weather.slow[side]);
}

/* Change a value in the lender's "KEY=VALUE ...". OUT has room for both texts. */
static size_t reword(char *out, const char *text, size_t len)
{
	size_t key = strcspn(weather.words, "=") + 1, n = 0;
	bool once = false;

	for (size_t at = 0, word; at < len; at += word + 1) {
		for (word = 0; at + word < len && text[at + word] != ' '; word++)
			;
		const char *from = text + at;
		size_t bytes = word;

		if (!once && word > key && memcmp(from, weather.words, key) == 0) {
			once = true;
			from = weather.words;
			bytes = strlen(from);
		}
		if (n)
			out[n++] = ' ';
		memcpy(out + n, from, bytes);
		n += bytes;
	}
	return n;
}

void weather_announce(uint8_t **data, size_t *len)
{
	uint8_t *p = *data + 20, *out;
	size_t n;

	if (*len >= 32 && load16(p) == NBD_INFO_EXPORT) {
		memory_size(load64(p + 2));
		if (weather.lie_size)
			store64(p + 2, weather.size);
		if (weather.lie_flags)
			store16(p + 10, weather.flags);
	}
	if (load16(p) != NBD_INFO_DESCRIPTION || !(*weather.words || weather.silent))
		return;
	out = malloc(*len + sizeof weather.words);
	if (!out)
		abort();
	memcpy(out, *data, 22);
	n = weather.silent ? 0 : reword((char *)out + 22, (char *)p + 2, *len - 22);
	store32(out + 16, (uint32_t)n + 2);
	*data = out;
	*len = 22 + n;
}
