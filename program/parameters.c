/* SPDX-License-Identifier: BSD-2-Clause */
#include "parameters.h"

#include <stdlib.h>
#include <string.h>

#include "hostport.h"
#include "setting.h"

#define FIELD(name)  .at = offsetof(struct parameters, name)
#define OPTION(name) .at = offsetof(struct parameters, options.name)
#define DIGITS(number)   DIGITS_OF(number)
#define DIGITS_OF(number) #number

/* As it is in the table's words. */
_Static_assert(FARPAGE_HEAL_RATE == 64u << 20, "heal-rate");
_Static_assert(FARPAGE_LENDERS_MAX == 16, "lender");

static const struct setting_style style = { "", "=", 21 };

/* It may be given once for each lender. */
static int add_lender(void *parameters, const char *value, char words[static WORDS_MAX])
{
	struct parameters *p = parameters;
	unsigned n = 0;

	if (!*value) {
		words_print(words, "write an address");
		return -1;
	}
	for (; n < FARPAGE_LENDERS_MAX && p->lender[n]; n++)
		if (strcmp(p->lender[n], value) == 0) {
			words_print(words, "it is given twice: each copy is on a different lender");
			return -1;
		}
	if (n == FARPAGE_LENDERS_MAX) {
		words_print(words, "there are %d lenders at most", FARPAGE_LENDERS_MAX);
		return -1;
	}
	return setting_text(&p->lender[n], value, words);
}

static const struct setting table[] = {
	{ "lender", "HOST[:PORT]", SETTING_OWN, .set = add_lender,
	  .help = "A lender, also [ADDR6]:PORT, unix:PATH, nbd://HOST[:PORT][/POOL], "
	          "nbd+unix:///[POOL]?socket=PATH. May be given up to 16 times. Without it, pages are kept in "
	          "this process." },
	{ "lenders", "FILE", SETTING_PATH, FIELD(lenders), .hint = "write a file",
	  .help = "More lenders, one a line; read again when it changes. Removing a line, or writing ADDRESS "
	          "drain, empties one." },
	{ "copies", "N", SETTING_NUMBER, OPTION(copies), .least = 1, .most = FARPAGE_COPIES_MAX,
	  .otherwise = "2 if there are two lenders or more", .help = "Copies of each page, on different lenders." },
	{ "same-lender", "BOOL", SETTING_SWITCH, FIELD(same_lender), .standard = "false",
	  .help = "Whether copies may be in pools of one lender, which are lost together." },
	{ "spill", "PATH", SETTING_PATH, FIELD(spill), .hint = "write a path",
	  .help = "A preallocated file or a block device, for pages that no lender can take in time." },
	{ "seal", "on|check|off", SETTING_TEXT, FIELD(seal), .hint = "write on, check or off", .otherwise = "on",
	  .help = "Encrypt pages and check them, only check them, or neither." },
	{ "pool", "NAME", SETTING_TEXT, FIELD(pool), .hint = "write the name of a pool",
	  .otherwise = "its first", .help = "The pool on each lender." },
	{ "tls-psk", "FILE", SETTING_PATH, FIELD(tls_psk), .hint = "write a file",
	  .help = "Use TLS, with the pre-shared key in FILE, a line NAME:HEXKEY, as from psktool." },
	{ "tls-username", "NAME", SETTING_TEXT, FIELD(tls_username), .hint = "write the name that a key has",
	  .help = "The NAME of that key." },
	{ "size", "SIZE", SETTING_PAGES, OPTION(size), .otherwise = "what there is room for",
	  .help = "The size of the device." },
	{ "deadline", "MS", SETTING_NUMBER, OPTION(deadline_ms), .unit = "milliseconds",
	  .least = 10, .most = 3600000, .otherwise = DIGITS(FARPAGE_DEADLINE_MS),
	  .help = "The longest time that a request may take; then it fails with EIO." },
	{ "link-timeout", "MS", SETTING_NUMBER, OPTION(link_timeout_ms), .unit = "milliseconds",
	  .least = 10, .most = 3600000,
	  .otherwise = DIGITS(FARPAGE_LINK_TIMEOUT_TWO_MS) " with copies or a spill, else "
	               DIGITS(FARPAGE_LINK_TIMEOUT_MS),
	  .help = "A lender that owes an answer this long is connected again, and others go on without it. "
	          "Less than the deadline." },
	{ "heal-rate", "SIZE", SETTING_PAGES, OPTION(heal_rate), .otherwise = "64M",
	  .help = "The most bytes a second to copy in order to make missing copies again." },
	{ "patient", "BOOL", SETTING_SWITCH, FIELD(patient), .standard = "false",
	  .help = "Never leave out a lender that fails again and again." },
	{ "swap", "BOOL", SETTING_SWITCH, FIELD(swap), .standard = "true",
	  .help = "Prepare this process for being swapped onto." },
	{ "realtime", "BOOL", SETTING_SWITCH, FIELD(realtime), .otherwise = "true for farpage-front, else false",
	  .help = "Run in the real-time class." },
	{ "stats", "PATH", SETTING_PATH, FIELD(stats), .most = HOSTPORT_PATH_MAX - 1,
	  .hint = "write the path of a socket, of at most 107 bytes",
	  .help = "A unix socket that serves figures as JSON." },
	{0}
};

void parameters_begin(struct parameters *p)
{
	*p = (struct parameters){0};
	settings_begin(table, p);
}

/* Was this text said before? */
static bool is_said(const struct parameters *p, const struct setting *s)
{
	const char *text = NULL;

	if (s->kind == SETTING_TEXT || s->kind == SETTING_PATH)
		memcpy(&text, (const char *)p + s->at, sizeof text);
	return text;
}

int parameters_set(struct parameters *p, const char *key, const char *value, char words[static WORDS_MAX])
{
	const struct setting *s = setting_find(table, key);
	char why[WORDS_MAX] = "it is given twice";

	if (!s) {
		words_print(words, "unknown parameter '%.50s'; --help lists them", key);
		return -1;
	}
	if (!is_said(p, s) && setting_set(s, p, value, why) == 0)
		return 0;
	words_print(words, "%s=%.200s: %s", key, value, why);
	return -1;
}

int parameters_complete(struct parameters *p, char words[static WORDS_MAX])
{
	struct farpage_options *o = &p->options;

	if (!p->lender[0] && !p->lenders && !o->size) {
		words_print(words, "where do pages go? Give lender=HOST[:PORT], or size=SIZE to keep "
		            "them in this process");
		return -1;
	}
	if (p->pool && !p->lender[0] && !p->lenders) {
		words_print(words, "pool= needs lender= or lenders=");
		return -1;
	}
	memcpy(o->lender, p->lender, sizeof o->lender);
	o->lenders_file = p->lenders;
	o->same_lender = p->same_lender;
	o->patient = p->patient;
	o->pool = p->pool;
	o->tls_psk = p->tls_psk;
	o->tls_username = p->tls_username;
	o->spill = p->spill;
	o->seal = p->seal;
	return 0;
}

void parameters_free(struct parameters *p)
{
	for (unsigned i = 0; i < FARPAGE_LENDERS_MAX; i++)
		free(p->lender[i]);
	settings_free(table, p);
	*p = (struct parameters){0};
}

void parameters_help(FILE *f)
{
	settings_help(f, table, &style);
}
