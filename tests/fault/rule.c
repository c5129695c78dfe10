/* SPDX-License-Identifier: BSD-2-Clause */
/* What may be done to a message, and the rules that wait for theirs. */
#include <string.h>

#include "fault.h"
#include "nbd.h"

#define RULES 64
#define BOTH  (-1)

static struct rule rules[RULES];
static unsigned n_rules;
static unsigned long done;

static bool cut(const struct rule *r, struct message *m)
{
	m->cut = r->at == SIZE_MAX ? dice(m->len) : r->at;
	return m->cut < m->len;
}

static bool swallow(const struct rule *r, struct message *m)
{
	(void)r;
	m->times = 0;
	return true;
}

static bool twice(const struct rule *r, struct message *m)
{
	(void)r;
	m->times = 2;
	return true;
}

/* A bit of the payload, if no byte is named. */
static bool flip(const struct rule *r, struct message *m)
{
	size_t at = r->at;

	if (at == SIZE_MAX && m->len > m->head)
		at = m->head + dice(m->len - m->head);
	if (at >= m->len)
		return false;
	m->data[at] ^= (uint8_t)(1u << dice(8));
	return true;
}

static bool late(const struct rule *r, struct message *m)
{
	m->late_ms = (int64_t)r->argument;
	return true;
}

static bool stuck(const struct rule *r, struct message *m)
{
	(void)r;
	m->stuck = true;
	return true;
}

static bool error(const struct rule *r, struct message *m)
{
	m->error = (uint32_t)r->argument;
	return true;
}

static bool deny(const struct rule *r, struct message *m)
{
	store32(m->data + 4, (uint32_t)r->argument);
	m->len = m->head;
	return true;
}

static bool magic(const struct rule *r, struct message *m)
{
	(void)r;
	store32(m->data, ~NBD_SIMPLE_MAGIC);
	return true;
}

static bool cookie(const struct rule *r, struct message *m)
{
	(void)r;
	store64(m->data + 8, ~load64(m->data + 8));
	return true;
}

static bool stray(const struct rule *r, struct message *m)
{
	(void)r;
	m->stray = true;
	return true;
}

static bool shorten(const struct rule *r, struct message *m)
{
	if (m->len == m->head)
		return false;
	m->len = m->head + dice(m->len - m->head);
	if (r->at != SIZE_MAX && r->at >= m->head)
		m->len = r->at;
	return true;
}

static bool zero(const struct rule *r, struct message *m)
{
	(void)r;
	memset(m->data + m->head, 0, m->len - m->head);
	return m->len > m->head;
}

static bool replay(const struct rule *r, struct message *m)
{
	(void)r;
	return memory_older(m->offset, m->data + m->head, m->len - m->head);
}

static bool swap(const struct rule *r, struct message *m)
{
	(void)r;
	return memory_other(m->offset, m->data + m->head, m->len - m->head);
}

const struct action actions[] = {
	{ "cut", BOTH, TO_BORROWER, KIND_ANY, NULL, cut,
	  "end the connection before byte BYTE of it" },
	{ "swallow", BOTH, TO_BORROWER, KIND_ANY, NULL, swallow,
	  "do not pass it on" },
	{ "twice", BOTH, TO_BORROWER, KIND_ANY, NULL, twice,
	  "pass it on twice" },
	{ "flip", BOTH, TO_BORROWER, KIND_ANY, NULL, flip,
	  "turn a bit: of byte BYTE, or somewhere in its payload" },
	{ "late", BOTH, TO_BORROWER, KIND_ANY, "MS", late,
	  "pass it, and what follows, on so much later" },
	{ "stuck", TO_LENDER, TO_LENDER, BIT(KIND_WRITE) | BIT(KIND_TRIM), NULL, stuck,
	  "keep it, and what follows on its connection, until told to release" },
	{ "error", TO_LENDER, TO_LENDER, KIND_ANY, "ERROR", error,
	  "answer it with an error, the lender hears nothing" },
	{ "deny", TO_BORROWER, TO_BORROWER, KIND_ANY, "ERROR", deny,
	  "make it an error, though it was carried out" },
	{ "magic", TO_BORROWER, TO_BORROWER, KIND_ANY, NULL, magic,
	  "no magic number" },
	{ "cookie", TO_BORROWER, TO_BORROWER, KIND_ANY, NULL, cookie,
	  "the cookie of no request" },
	{ "stray", TO_BORROWER, TO_BORROWER, KIND_ANY, NULL, stray,
	  "before it an error that nobody asked for" },
	{ "short", TO_BORROWER, TO_BORROWER, BIT(KIND_READ), NULL, shorten,
	  "leave out its end, from BYTE on" },
	{ "zero", TO_BORROWER, TO_BORROWER, BIT(KIND_READ), NULL, zero,
	  "zeros instead of its pages" },
	{ "replay", TO_BORROWER, TO_BORROWER, BIT(KIND_READ), NULL, replay,
	  "its pages as they were a write ago" },
	{ "swap", TO_BORROWER, TO_BORROWER, BIT(KIND_READ), NULL, swap,
	  "other pages instead of its" },
	{ .name = NULL },
};

const struct action *action_find(const char *name)
{
	for (const struct action *a = actions; a->name; a++)
		if (strcmp(a->name, name) == 0)
			return a;
	return NULL;
}

int rule_add(const struct rule *r)
{
	if (n_rules == RULES)
		return -1;
	rules[n_rules++] = *r;
	return 0;
}

void rules_forget(void)
{
	n_rules = 0;
}

unsigned rules_left(void)
{
	return n_rules;
}

unsigned long faults_done(void)
{
	return done;
}

static bool apply(const struct rule *r, struct message *m)
{
	static const char *const kinds[] = { "option", "read", "write", "trim", "other" };

	if (!r->action->apply(r, m))
		return false;
	done++;
	say("%s %s %s at %llu", r->action->name, kinds[m->kind],
	    m->side == TO_LENDER ? "request" : "reply", (unsigned long long)m->offset);
	return true;
}

bool rule_try(const struct rule *r, struct message *m)
{
	return r->side == m->side && r->kinds & BIT(m->kind) && apply(r, m);
}

void rules_apply(struct message *m)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n_rules; i++) {
		struct rule *r = &rules[i];

		if (r->side == m->side && r->kinds & BIT(m->kind)) {
			if (r->nth)
				r->nth--;
			else if (apply(r, m) && r->left != NEVER)
				r->left--;
		}
		if (r->left)
			rules[kept++] = *r;
	}
	n_rules = kept;
	if (m->kind != KIND_OPTION)
		dice_roll(m);
}
