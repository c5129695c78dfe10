/* SPDX-License-Identifier: BSD-2-Clause */
/* What a caller wants, with the defaults filled in. */
#include "open_options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "address.h"
#include "psk.h"
#include "seal.h"
#include "words.h"

/* The first release whose callers tell the size ended with this field. */
#define SIZE_1 (offsetof(struct farpage_options, warn_user) + sizeof(void *))

int options_read(struct farpage_options *o, const struct farpage_options *given, size_t size, char *words)
{
	const unsigned char *later = (const unsigned char *)given + sizeof *o;

	if (size < SIZE_1) {
		words_print(words, "%zu bytes of options: pass sizeof (struct farpage_options)", size);
		errno = EINVAL;
		return -1;
	}
	for (size_t i = 0; i + sizeof *o < size; i++) {
		if (later[i]) {
			words_print(words, "the program sets an option that this libfarpage does not know: "
			            "it was built for a later one");
			errno = E2BIG;
			return -1;
		}
	}
	memset(o, 0, sizeof *o);
	memcpy(o, given, size < sizeof *o ? size : sizeof *o);
	return 0;
}

unsigned options_lenders(const struct farpage_options *o)
{
	unsigned n = 0;

	while (n < FARPAGE_LENDERS_MAX && o->lender[n])
		n++;
	return n;
}

unsigned options_copies(const struct farpage_options *o)
{
	if (o->copies)
		return o->copies;
	return options_lenders(o) > 1 ? 2 : 1;
}

int64_t options_deadline(const struct farpage_options *o)
{
	return o->deadline_ms ? o->deadline_ms : FARPAGE_DEADLINE_MS;
}

int64_t options_link_timeout(const struct farpage_options *o)
{
	bool alone = options_copies(o) == 1 && !o->spill;
	int64_t ms = alone ? FARPAGE_LINK_TIMEOUT_MS : FARPAGE_LINK_TIMEOUT_TWO_MS;

	if (o->link_timeout_ms)
		return o->link_timeout_ms;
	/* A dead lender is found out while there is still time to ask another one. */
	return ms <= options_deadline(o) / 2 ? ms : (options_deadline(o) + 1) / 2;
}

int options_check(const struct farpage_options *o, char *words)
{
	unsigned lenders = options_lenders(o), places = lenders ? lenders : 1;

	if (o->size % PAGE_BYTES) {
		words_print(words, "size=%" PRIu64 " is not a multiple of 4096", o->size);
	} else if (!lenders && !o->size) {
		words_print(words, "without lender=, give the size: size=SIZE");
	} else if (!o->tls_psk != !o->tls_username || (o->tls_psk && !lenders)) {
		words_print(words, "tls-psk=FILE and tls-username=NAME go together, and with lender=");
	} else if (o->tls_psk && psk_check(o->tls_psk, o->tls_username, words) < 0) {
		return -1;
	} else if (o->pool && !address_pool_valid(o->pool)) {
		words_print(words, "pool=%.200s: " ADDRESS_POOL_WORDS, o->pool);
	} else if (o->copies > FARPAGE_COPIES_MAX) {
		words_print(words, "copies=%u: at most %d copies are kept", o->copies, FARPAGE_COPIES_MAX);
	} else if (o->copies > places && !o->lenders_file) {
		words_print(words, "copies=%u: each copy is on a different lender, and %u %s "
		            "given; others can come later from a file, "
		            "lenders=FILE", o->copies, places,
		            places == 1 ? "is" : "are");
	} else if (o->link_timeout_ms && o->link_timeout_ms >= options_deadline(o)) {
		words_print(words, "link-timeout=%u must be less than deadline=%" PRId64 ": when "
		            "a lender turns out to be dead, there must be time to ask "
		            "another", o->link_timeout_ms,
		            options_deadline(o));
	} else if (o->heal_rate && o->heal_rate < PAGE_BYTES) {
		words_print(words, "heal-rate=%" PRIu64 ": say 4096 or more: a page a second", o->heal_rate);
	} else if (seal_kind_parse(o->seal ? o->seal : "on") < 0) {
		words_print(words, "seal=%.50s: write on, check or off (nbdkit farpage "
		            "--dump-plugin lists those of this build)", o->seal ? o->seal : "on");
	} else {
		return 0;
	}
	return -1;
}
