/* SPDX-License-Identifier: BSD-2-Clause */
#include "parameters.h"

#include <stdlib.h>
#include <string.h>

#define NBDKIT_API_VERSION 2
#include <nbdkit-plugin.h>

struct parameters parameters = { .swap = true };

static char *lender[FARPAGE_LENDERS_MAX], *lenders, *pool, *tls_psk, *tls_username, *spill, *seal;

void parameters_free(void)
{
	for (unsigned i = 0; i < FARPAGE_LENDERS_MAX; i++)
		free(lender[i]);
	free(lenders);
	free(pool);
	free(tls_psk);
	free(tls_username);
	free(spill);
	free(seal);
	free(parameters.stats);
}

static int set_text(char **to, const char *key, const char *value)
{
	if (*to) {
		nbdkit_error("%s= is given twice", key);
		return -1;
	}
	if (!*value) {
		nbdkit_error("%s= is empty", key);
		return -1;
	}
	*to = strdup(value);
	if (!*to) {
		nbdkit_error("strdup: %m");
		return -1;
	}
	return 0;
}

/* It may be given once for each lender. */
static int add_lender(const char *value)
{
	unsigned n = 0;

	for (; n < FARPAGE_LENDERS_MAX && lender[n]; n++)
		if (strcmp(lender[n], value) == 0) {
			nbdkit_error("lender=%s is given twice: each copy is on a lender of its own",
			             value);
			return -1;
		}
	if (n == FARPAGE_LENDERS_MAX) {
		nbdkit_error("lender=%s: there are %d lenders at most", value, FARPAGE_LENDERS_MAX);
		return -1;
	}
	return set_text(&lender[n], "lender", value);
}

/* nbdkit may change its directory. */
static int set_path(char **to, const char *key, const char *value)
{
	char *path = *value ? nbdkit_absolute_path(value) : NULL;
	int r;

	if (*value && !path)
		return -1;
	r = set_text(to, key, path ? path : value);
	free(path);
	return r;
}

static int set_size(uint64_t *to, const char *key, const char *value)
{
	int64_t size = nbdkit_parse_size(value);

	if (size < 0)
		return -1;
	if (size == 0 || size % FARPAGE_PAGE_BYTES) {
		nbdkit_error("%s=%s: a size is a multiple of 4096 bytes, and not 0", key, value);
		return -1;
	}
	*to = (uint64_t)size;
	return 0;
}

static int set_copies(const char *value)
{
	if (nbdkit_parse_unsigned("copies", value, &parameters.options.copies) < 0)
		return -1;
	if (!parameters.options.copies || parameters.options.copies > FARPAGE_COPIES_MAX) {
		nbdkit_error("copies=%s: write 1 to %d", value, FARPAGE_COPIES_MAX);
		return -1;
	}
	return 0;
}

static int set_ms(unsigned *to, const char *key, const char *value)
{
	if (nbdkit_parse_unsigned(key, value, to) < 0)
		return -1;
	if (*to < 10 || *to > 3600000) {
		nbdkit_error("%s=%s: write milliseconds from 10 to 3600000", key, value);
		return -1;
	}
	return 0;
}

static int set_bool(bool *to, const char *value)
{
	int r = nbdkit_parse_bool(value);

	if (r < 0)
		return -1;
	*to = r;
	return 0;
}

int parameters_set(const char *key, const char *value)
{
	if (strcmp(key, "lender") == 0)
		return add_lender(value);
	if (strcmp(key, "lenders") == 0)
		return set_path(&lenders, key, value);
	if (strcmp(key, "pool") == 0)
		return set_text(&pool, "pool", value);
	if (strcmp(key, "tls-psk") == 0)
		return set_path(&tls_psk, key, value);
	if (strcmp(key, "tls-username") == 0)
		return set_text(&tls_username, key, value);
	if (strcmp(key, "size") == 0)
		return set_size(&parameters.options.size, key, value);
	if (strcmp(key, "copies") == 0)
		return set_copies(value);
	if (strcmp(key, "same-lender") == 0)
		return set_bool(&parameters.same_lender, value);
	if (strcmp(key, "spill") == 0)
		return set_path(&spill, key, value);
	if (strcmp(key, "seal") == 0)
		return set_text(&seal, key, value);
	if (strcmp(key, "heal-rate") == 0)
		return set_size(&parameters.options.heal_rate, key, value);
	if (strcmp(key, "deadline") == 0)
		return set_ms(&parameters.options.deadline_ms, key, value);
	if (strcmp(key, "link-timeout") == 0)
		return set_ms(&parameters.options.link_timeout_ms, key, value);
	if (strcmp(key, "patient") == 0)
		return set_bool(&parameters.patient, value);
	if (strcmp(key, "swap") == 0)
		return set_bool(&parameters.swap, value);
	if (strcmp(key, "stats") == 0)
		return set_path(&parameters.stats, key, value);
	if (strcmp(key, "realtime") == 0)
		return set_bool(&parameters.realtime, value);
	nbdkit_error("unknown parameter '%s'; nbdkit farpage --help lists them", key);
	return -1;
}

int parameters_complete(void)
{
	struct farpage_options *o = &parameters.options;

	if (!lender[0] && !lenders && !o->size) {
		nbdkit_error("say where the pages go: lender=HOST[:PORT], or size=SIZE to keep "
		             "them in this process");
		return -1;
	}
	if (pool && !lender[0] && !lenders) {
		nbdkit_error("pool= needs lender= or lenders=");
		return -1;
	}
	memcpy(o->lender, lender, sizeof o->lender);
	o->lenders_file = lenders;
	o->same_lender = parameters.same_lender;
	o->patient = parameters.patient;
	o->pool = pool;
	o->tls_psk = tls_psk;
	o->tls_username = tls_username;
	o->spill = spill;
	o->seal = seal;
	return 0;
}
