/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines that say what to do. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"

static enum { WAIT_NOT, WAIT_RULES, WAIT_LATE } waits;

void command_help(void)
{
	puts("usage: nbdfault LISTEN LENDER CONTROL [LINE...]\n"
	     "       nbdfault --tell CONTROL WORD...\n"
	     "Between borrowers, which connect to LISTEN, and the lender at LENDER: passes NBD on, with\n"
	     "faults. LISTEN, LENDER: unix:PATH, or a port of 127.0.0.1 (0: any). CONTROL: the path of a\n"
	     "socket that takes lines as these, and answers each with \"ok\" or \"error: ...\".\n\n"
	     "A message:  FAULT [ARGUMENT] [KIND] [request|reply] [N] [at BYTE] [times M|always]\n"
	     "  KIND: option, read, write, trim, other. N: the Nth such message from now on (1). It is a\n"
	     "  reply where both are possible. A fault waits for a message that it can be done to.");
	for (const struct action *a = actions; a->name; a++)
		printf("  %-8s %-6s %s\n", a->name, a->argument ? a->argument : "", a->help);
	puts("All that passes (without MS: until \"calm\"):\n"
	     "  freeze [MS] [request|reply]       nothing passes; later all of it\n"
	     "  slow BYTES [MS] [request|reply]   so many bytes a second\n"
	     "  vanish [MS]  connections stay open and mute for good, new ones are not answered so long\n"
	     "  refuse [MS]  new connections are refused\n"
	     "  drop         end all connections\n"
	     "  announce size=N | flags=N | KEY=VALUE | nothing   in handshakes, instead of the truth;\n"
	     "               KEY of the pool's description, nothing: without one\n"
	     "Else:\n"
	     "  random SEED RATE MS FAULT...  of 10000 messages RATE have one of these, by dice; MS at most\n"
	     "  calm      no more of all that; what is stuck stays so\n"
	     "  release   what is stuck goes on, on its old connection; answers when the lender has\n"
	     "  wait      answers when every fault of a message has been done\n"
	     "  status    connections, those whose borrower has gone, faults that wait, faults done");
}

static bool number(const char *word, uint64_t *n)
{
	char *end;

	errno = 0;
	*n = word ? strtoull(word, &end, 10) : 0;
	return word && *word >= '0' && *word <= '9' && !*end && !errno;
}

static bool argument(struct rule *r, const char *word)
{
	static const struct { const char *name; uint32_t error; } errors[] = {
		{ "EPERM", 1 }, { "EIO", 5 }, { "ENOMEM", 12 }, { "EINVAL", 22 },
		{ "ENOSPC", 28 }, { "ENOTSUP", 95 }, { "ESHUTDOWN", 108 },
	};

	for (size_t i = 0; word && i < sizeof errors / sizeof *errors; i++)
		if (strcmp(word, errors[i].name) == 0) {
			r->argument = errors[i].error;
			return true;
		}
	return number(word, &r->argument);
}

/* One of the words that follow the fault's own; REST are those after it. */
static bool qualify(struct rule *r, const char *word, char **rest)
{
	static const char *const kinds[] = { "option", "read", "write", "trim", "other", NULL };
	uint64_t n;

	for (unsigned i = 0; kinds[i]; i++)
		if (strcmp(word, kinds[i]) == 0) {
			r->kinds = BIT(i);
			return true;
		}
	if (strcmp(word, "request") == 0 || strcmp(word, "reply") == 0) {
		r->side = word[2] == 'q' ? TO_LENDER : TO_BORROWER;
		return r->action->side < 0 || r->action->side == (int)r->side;
	}
	if (strcmp(word, "always") == 0) {
		r->left = NEVER;
		return true;
	}
	if (strcmp(word, "times") == 0 && number(strtok_r(NULL, " ", rest), &n)) {
		r->left = n;
		return n > 0;
	}
	if (strcmp(word, "at") == 0 && number(strtok_r(NULL, " ", rest), &n)) {
		r->at = n;
		return true;
	}
	if (!number(word, &n) || n == 0)
		return false;
	r->nth = n - 1;
	return true;
}

static const char *fault(const struct action *action, char *rest)
{
	struct rule r = { .action = action, .side = action->usual, .kinds = action->kinds,
		          .left = 1, .at = SIZE_MAX };
	char *at = rest;
	const char *word;

	if (action->argument && !argument(&r, strtok_r(at, " ", &rest)))
		return "it needs an argument: MS, or an error's name or number";
	if (action->argument)
		at = NULL;
	for (; (word = strtok_r(at, " ", &rest)); at = NULL)
		if (!qualify(&r, word, &rest))
			return "it is FAULT [ARGUMENT] [KIND] [request|reply] [N] [at BYTE] [times M|always]";
	return rule_add(&r) < 0 ? "too many faults wait" : NULL;
}

static void status(char *out, size_t room)
{
	unsigned n = 0, old = 0;

	for (const struct pair *p = pairs; p; p = p->next) {
		n++;
		old += p->way[TO_LENDER].ended;
	}
	snprintf(out, room, "ok connections=%u old=%u waiting=%u done=%lu", n, old, rules_left(),
	         faults_done());
}

static void calm(void)
{
	rules_forget();
	dice_rest();
	weather_clear();
}

bool command_waits(char *out, size_t room)
{
	if ((waits == WAIT_RULES && rules_left()) || (waits == WAIT_LATE && pairs_late()))
		return false;
	snprintf(out, room, waits == WAIT_LATE ? "ok landed=%lu refused=%lu hung-up=%lu" : "ok",
	         landed, refused, hung_up);
	waits = WAIT_NOT;
	return true;
}

int command(char *line, char *out, size_t room)
{
	const char *wrong = NULL;
	char *rest = line + strcspn(line, " ");
	int r;

	if (*rest)
		*rest++ = '\0';
	snprintf(out, room, "ok");
	if (strcmp(line, "status") == 0) {
		status(out, room);
	} else if (strcmp(line, "calm") == 0) {
		calm();
	} else if (strcmp(line, "wait") == 0 || strcmp(line, "release") == 0) {
		if (waits)
			wrong = "somebody waits already";
		else if (*line == 'r') {
			landed = refused = hung_up = 0;
			pairs_release();
		}
		if (!wrong) {
			waits = *line == 'r' ? WAIT_LATE : WAIT_RULES;
			return 1;
		}
	} else if (strcmp(line, "random") == 0) {
		wrong = dice_cast(rest);
	} else if (action_find(line)) {
		wrong = fault(action_find(line), rest);
	} else if ((r = weather_do(line, rest)) != 0) {
		wrong = r > 0 ? "no such fault; nbdfault --help lists them" : "it is KEY=VALUE or nothing";
	}
	if (wrong)
		snprintf(out, room, "error: %s", wrong);
	return 0;
}
