/* SPDX-License-Identifier: BSD-2-Clause */
/* Faults by chance: the same seed and the same messages, the same faults. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"

#define FAULTS 32

/* What the dice may do to all that passes; the rest are actions. */
static const char *const storms[] = { "freeze", "vanish", "refuse", "drop", "slow", NULL };

static uint64_t state = 1;
static uint64_t rate, most_ms; /* of 10000 messages; how long what lasts may last */
static const char *fault[FAULTS];
static unsigned faults;
static int64_t release_at = NEVER;

uint64_t dice(uint64_t n)
{
	uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return n ? (z ^ (z >> 31)) % n : 0;
}

void dice_rest(void)
{
	rate = 0;
	release_at = NEVER;
}

static const char *find(const char *word)
{
	for (unsigned i = 0; storms[i]; i++)
		if (strcmp(word, storms[i]) == 0)
			return storms[i];
	return action_find(word) ? action_find(word)->name : NULL;
}

const char *dice_cast(char *words)
{
	uint64_t number[3];
	char *word, *end, *rest = words;

	dice_rest();
	faults = 0;
	for (unsigned i = 0; i < 3; i++) {
		word = strtok_r(i ? NULL : words, " ", &rest);
		if (!word || (number[i] = strtoull(word, &end, 10), end == word || *end))
			return "it is random SEED RATE MS FAULT...: numbers, RATE of 10000";
	}
	while ((word = strtok_r(NULL, " ", &rest)) && faults < FAULTS)
		if (!(fault[faults++] = find(word)))
			return "there is no such fault";
	if (!faults)
		return "which faults?";
	state = number[0];
	rate = number[1];
	most_ms = number[2];
	return NULL;
}

static void storm(const char *name, uint64_t ms)
{
	char line[64];

	if (strcmp(name, "slow") == 0)
		snprintf(line, sizeof line, "%u %u", 10000 + (unsigned)dice(1000000), (unsigned)ms);
	else if (strcmp(name, "freeze") == 0 && dice(2))
		snprintf(line, sizeof line, "%u %s", (unsigned)ms, dice(2) ? "request" : "reply");
	else if (strcmp(name, "drop") == 0)
		*line = '\0';
	else
		snprintf(line, sizeof line, "%u", (unsigned)ms);
	say("dice: %s %s", name, line);
	weather_do(name, line);
}

void dice_roll(struct message *m)
{
	static const uint64_t errors[] = { 5, 28, 108 }; /* EIO, ENOSPC, ESHUTDOWN */
	const char *name;
	struct rule r;

	if (!rate || dice(10000) >= rate)
		return;
	name = fault[dice(faults)];
	r = (struct rule){ .action = action_find(name), .side = m->side, .at = SIZE_MAX };
	if (!r.action) {
		storm(name, 1 + dice(most_ms));
		return;
	}
	if (r.action->side >= 0 && r.action->side != (int)m->side)
		return;
	r.kinds = r.action->kinds;
	r.argument = !r.action->argument ? 0
	             : *r.action->argument == 'M' ? 1 + dice(most_ms) : errors[dice(3)];
	if (rule_try(&r, m) && m->stuck)
		release_at = now_ms() + 1 + (int64_t)dice(most_ms);
}

int64_t dice_wake(void)
{
	if (now_ms() >= release_at) {
		release_at = NEVER;
		pairs_release();
		say("dice: release");
	}
	return release_at;
}
