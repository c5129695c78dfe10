/* SPDX-License-Identifier: BSD-2-Clause */
/* What was not said, and whether all that was goes together. */
#include "options_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gauge.h"
#include "listen.h"
#include "options_pool.h"
#include "options_table.h"
#include "page.h"
#include "size.h"

static int check_sizes(const struct options *o, char words[static WORDS_MAX])
{
	uint64_t total = gauge_look().total, reserved = 0;
	char lend[32], sum[32];

	size_format(o->lend, lend);
	if (total && o->lend > total) {
		words_print(words, "lend = %s: this host has only %" PRIu64 " MiB",
		            lend, total >> 20);
		return -1;
	}
	for (unsigned i = 0; i < o->pools; i++)
		if (!o->pool[i].thin && __builtin_add_overflow(reserved, o->pool[i].size, &reserved))
			reserved = UINT64_MAX;
	if (reserved > o->lend) {
		size_format(reserved, sum);
		words_print(words,
		            "the pools reserve %s, but only %s is lent; raise lend, shrink a pool, "
		            "or make one thin (NAME=SIZE,thin)", sum, lend);
		return -1;
	}
	return 0;
}

static int check_drops(const struct options *o, char words[static WORDS_MAX])
{
	for (unsigned i = 0; i < o->drops; i++)
		if (options_find_pool(o, o->drop[i])) {
			words_print(words, "pool %s is given as pool and as drop-pool; leave one "
			            "of them out", o->drop[i]);
			return -1;
		}
	return 0;
}

static int check_tls(const struct options *o, char words[static WORDS_MAX])
{
	if (o->tls != TLS_OFF && !o->tls_certificates && !o->tls_psk) {
		words_print(words,
		            "tls needs credentials: tls-certificates, tls-psk, or both");
		return -1;
	}
	for (unsigned i = 0; i < o->pools; i++)
		if (*o->pool[i].owner && o->tls == TLS_OFF) {
			words_print(words,
			            "pool %s has an owner, and only TLS can prove who that is; "
			            "set tls-certificates or tls-psk, or leave the owner "
			            "out", o->pool[i].name);
			return -1;
		}
	for (unsigned i = 0; i < o->listens; i++)
		if (o->tls != TLS_REQUIRE && !o->allow_plaintext && listen_exposed(o->listen[i])) {
			words_print(words, "listen = %s: " LISTEN_EXPOSED_WORDS,
			            o->listen[i]);
			return -1;
		}
	return 0;
}

uint64_t options_default_lend(void)
{
	uint64_t available = gauge_look().available;

	return available == UINT64_MAX ? 0 : available / 2;
}

int options_fill_in(struct options *o, char words[static WORDS_MAX])
{
	uint64_t total = gauge_look().total;
	char keep[32];

	if (!o->listens &&
	    setting_set(setting_find(options_table, "listen"), o, OPTIONS_DEFAULT_LISTEN, words) < 0)
		return -1;
	if (o->keep_free == UINT64_MAX)
		o->keep_free = total / 20;
	if (!options_said(o, setting_find(options_table, "tls")) && (o->tls_certificates || o->tls_psk))
		o->tls = TLS_REQUIRE;
	if (total && o->keep_free > total) {
		size_format(o->keep_free, keep);
		words_print(words, "keep-free = %s: this host has only %" PRIu64
		            " MiB in all", keep, total >> 20);
		return -1;
	}
	return check_tls(o, words);
}

int options_settle(struct options *o, uint64_t default_lend,
                   char words[static WORDS_MAX])
{
	const char *error = NULL;
	char pool[64], size[32];

	if (!o->lend)
		o->lend = default_lend;
	o->lend -= o->lend % PAGE_BYTES;
	if (!o->pools) {
		size_format(o->lend, size);
		snprintf(pool, sizeof pool, OPTIONS_DEFAULT_POOL "=%s", size);
		error = options_set_pool(o, pool);
	}
	if (error) {
		words_print(words, "%s", error);
		return -1;
	}
	return check_sizes(o, words) < 0 ? -1 : check_drops(o, words);
}
