/* SPDX-License-Identifier: BSD-2-Clause */
#include "options_pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"
#include "setting.h"
#include "size.h"

/* A comma in a name is written "\,", and a backslash "\\". */
static bool is_escape(const char *text)
{
	return text[0] == '\\' && (text[1] == ',' || text[1] == '\\');
}

static const char *set_owner(struct pool_spec *spec, const char *value)
{
	size_t n = 0;

	for (; *value && n < TLS_IDENTITY_MAX; value++) {
		value += is_escape(value);
		spec->owner[n++] = *value;
	}
	return n == 0 || *value ? "an owner has 1 to 64 characters" : NULL;
}

static const char *set_allow(struct pool_spec *spec, const char *value)
{
	return allow_add(&spec->allow, value);
}

static const char *set_iops(struct pool_spec *spec, const char *value)
{
	unsigned n;

	if (setting_number(&n, value, 1, OPTIONS_IOPS_MAX) < 0)
		return "write iops=N, requests a second, 1 to 100000000";
	spec->iops = n;
	return NULL;
}

static const char *set_bandwidth(struct pool_spec *spec, const char *value)
{
	if (size_parse(value, &spec->bandwidth) < 0 || spec->bandwidth < PAGE_BYTES ||
	    spec->bandwidth > OPTIONS_BANDWIDTH_MAX)
		return "write bandwidth=SIZE, bytes a second, 4K to 1T";
	return NULL;
}

static const char *set_thin(struct pool_spec *spec, const char *value)
{
	(void)value;
	spec->thin = true;
	return NULL;
}

static const char *set_revocable(struct pool_spec *spec, const char *value)
{
	(void)value;
	spec->revocable = true;
	return NULL;
}

/* What may stand after a pool's size, between commas; the first more than once, and
 * on further lines, too. */
static const struct {
	const char *name; /* with "=" if a value follows */
	const char *(*set)(struct pool_spec *, const char *value);
} pool_words[] = {
	{ "allow=", set_allow },
	{ "bandwidth=", set_bandwidth },
	{ "iops=", set_iops },
	{ "owner=", set_owner },
	{ "revocable", set_revocable },
	{ "thin", set_thin },
};
#define POOL_WORDS (sizeof pool_words / sizeof *pool_words)

static const char *set_pool_word(struct pool_spec *spec, const char *word, unsigned *said)
{
	for (unsigned i = 0; i < POOL_WORDS; i++) {
		size_t n = strlen(pool_words[i].name);
		bool takes = pool_words[i].name[n - 1] == '=';

		if (strncmp(word, pool_words[i].name, n) != 0 || (!takes && word[n]) ||
		    (*said >> i & 1 && i > 0))
			continue;
		*said |= 1u << i;
		return pool_words[i].set(spec, word + n);
	}
	return "a pool's size may be followed by ,thin ,owner=IDENTITY ,iops=N ,bandwidth=SIZE "
	       "and ,revocable, each once, and by ,allow=NETWORK";
}

static const char *set_pool_words(struct pool_spec *spec, char *words, unsigned said)
{
	const char *error = NULL;

	for (char *next; !error && words; words = next) {
		next = words;
		while (*next && *next != ',')
			next += is_escape(next) ? 2 : 1;
		if (*next)
			*next++ = '\0';
		else
			next = NULL;
		error = set_pool_word(spec, words, &said);
	}
	return error;
}

static const char *parse_pool(struct pool_spec *spec, const char *value)
{
	const char *equals = strchr(value, '=');
	char size[256], *words;

	if (!equals || equals - value > POOL_NAME_MAX)
		return "write NAME=SIZE[,thin][,revocable][,owner=IDENTITY][,iops=N][,bandwidth=SIZE][,allow=NETWORK]...";
	memcpy(spec->name, value, (size_t)(equals - value));
	if (!pool_name_valid(spec->name))
		return "a name has 1 to 64 letters, digits, dots, dashes and underscores";
	if (snprintf(size, sizeof size, "%s", equals + 1) >= (int)sizeof size)
		return "it is too long";
	words = strchr(size, ',');
	if (words)
		*words++ = '\0';
	if (size_parse(size, &spec->size) < 0 || spec->size == 0 || spec->size % PAGE_BYTES)
		return "write the size as a multiple of 4K, such as 8G";
	return set_pool_words(spec, words, 0);
}

/* NAME,allow=NETWORK...: more for a pool that was named before. */
static const char *add_to_pool(struct options *o, const char *value)
{
	size_t n = strcspn(value, ",");
	char words[256];

	if (snprintf(words, sizeof words, "%s", value + n + 1) >= (int)sizeof words)
		return "it is too long";
	if (strncmp(words, "allow=", 6) != 0)
		return "without a size, only allow=NETWORK may follow a pool's name";
	for (unsigned i = 0; i < o->pools; i++)
		if (strlen(o->pool[i].name) == n && memcmp(o->pool[i].name, value, n) == 0)
			return set_pool_words(&o->pool[i], words, ~1u);
	return "NAME,allow=NETWORK adds to a pool that is given above it, and there is none";
}

const char *options_set_pool(struct options *o, const char *value)
{
	struct pool_spec spec = {0}, *more;
	const char *error;

	if (value[strcspn(value, ",=")] == ',')
		return add_to_pool(o, value);
	error = parse_pool(&spec, value);
	if (error)
		return error;
	if (options_find_pool(o, spec.name))
		return "there already is a pool of that name";
	if (o->pools == OPTIONS_POOLS_MAX)
		return "there can be 1024 pools at most; run another farpaged";
	more = realloc(o->pool, (o->pools + 1) * sizeof *more);
	if (!more)
		return "no memory";
	o->pool = more;
	o->pool[o->pools++] = spec;
	return NULL;
}

const struct pool_spec *options_find_pool(const struct options *o, const char *name)
{
	for (unsigned i = 0; i < o->pools; i++)
		if (strcmp(o->pool[i].name, name) == 0)
			return &o->pool[i];
	return NULL;
}

const char *options_set_drop_pool(struct options *o, const char *value)
{
	char (*more)[POOL_NAME_MAX + 1];

	if (!pool_name_valid(value))
		return "write the name of a pool";
	if (o->drops == OPTIONS_POOLS_MAX)
		return "there are too many pools";
	more = realloc(o->drop, (o->drops + 1) * sizeof *more);
	if (!more)
		return "no memory";
	o->drop = more;
	strcpy(o->drop[o->drops++], value);
	return NULL;
}

bool options_drops(const struct options *o, const char *name)
{
	for (unsigned i = 0; i < o->drops; i++)
		if (strcmp(o->drop[i], name) == 0)
			return true;
	return false;
}
