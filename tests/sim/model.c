/* SPDX-License-Identifier: BSD-2-Clause */
/* frontswap's contract, page by page, without a word about how it is kept: what was
 * put last, or a fill's pattern, or nothing but an error. Operations count in the
 * order they end in, since a page is one operation's at a time. */
#include "sim.h"

#include <stdio.h>
#include <string.h>

#define ANSWERS 3u

/* An error may always be answered; besides, one of these. None: the page is lost. */
static struct cell_model {
	struct answer answer[ANSWERS];
	unsigned n;
} model[SPOTS];

void model_reset(void)
{
	for (unsigned spot = 0; spot < SPOTS; spot++)
		model[spot] = (struct cell_model){ .answer = {{ IS_FILL, 0 }}, .n = 1 };
}

static void set(unsigned spot, struct answer a)
{
	model[spot].answer[0] = a;
	model[spot].n = 1;
}

static void also(unsigned spot, struct answer a)
{
	struct cell_model *m = &model[spot];

	for (unsigned i = 0; i < m->n; i++)
		if (m->answer[i].kind == a.kind && m->answer[i].value == a.value)
			return;
	if (m->n < ANSWERS)
		m->answer[m->n++] = a;
}

/* Who never had its turn ends before another that has the page, which may be a get. */
static void remember(unsigned spot)
{
	for (unsigned i = 0; i < config.callers; i++) {
		struct seen *seen = caller_seen(i, spot);

		for (unsigned j = 0; seen && j < model[spot].n; j++)
			if (seen->n < sizeof seen->answer / sizeof *seen->answer)
				seen->answer[seen->n++] = model[spot].answer[j];
	}
}

static void change(unsigned spot, const struct op *op, struct answer a, int error, bool known)
{
	if (error || op->until <= now)
		remember(spot);
	if (!error) {
		set(spot, a);
		return;
	}
	if (op->kind == OP_FILL && !op->pattern)
		also(spot, a); /* nobody asks whether a flush went well */
	else if (known)
		model[spot].n = 0; /* or there is nothing to remember it in, and nothing older */
}

void model_changed(const struct op *op, const struct answer *a, int error, bool known)
{
	for (unsigned spot = 0; spot < SPOTS; spot++) {
		uint64_t i = spot_page(spot) - op->page;
		struct answer answer = *a;

		if (i >= op->pages)
			continue;
		if (answer.kind == IS_VALUE)
			answer.value += i;
		change(spot, op, answer, error, known);
	}
}

bool model_allows(unsigned spot, const uint8_t *data, const struct seen *seen)
{
	for (unsigned i = 0; i < model[spot].n; i++)
		if (page_is(data, model[spot].answer[i]))
			return true;
	for (unsigned i = 0; i < seen->n; i++)
		if (page_is(data, seen->answer[i])) {
			HAPPENED(GOT_OLDER);
			return true;
		}
	return false;
}

bool model_lost(unsigned spot)
{
	return model[spot].n == 0;
}

const char *model_words(unsigned spot)
{
	static char words[128];
	const struct cell_model *m = &model[spot];

	if (!m->n)
		return "lost";
	snprintf(words, sizeof words, "%s %llx%s", m->answer[0].kind == IS_FILL ? "all" : "value",
	         (unsigned long long)m->answer[0].value, m->n > 1 ? ", or another" : "");
	return words;
}
