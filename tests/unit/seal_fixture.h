/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests of sealing: a seal with one sealer, and pages to seal. */
#ifndef FARPAGE_TESTS_SEALING_H
#define FARPAGE_TESTS_SEALING_H

#include "unit.h"

#include "seal.h"
#include "seal_ops.h"

struct sealing {
	struct seal *seal;
	struct sealer *sealer;
};

static inline bool built_in(enum seal_kind kind)
{
	static const char *const names[] = { "on", "check", "off" };

	return seal_kind_parse(names[kind]) == (int)kind;
}

static inline struct sealing sealing(enum seal_kind kind)
{
	struct sealing s = { .seal = seal_open(kind) };

	assert_non_null(s.seal);
	s.sealer = sealer_open(s.seal);
	assert_non_null(s.sealer);
	return s;
}

static inline void sealing_end(struct sealing *s)
{
	sealer_close(s->sealer);
	seal_close(s->seal);
}

/* Seal PAGE under a new version; what is remembered of it. */
static inline struct record sealed(struct sealing *s, uint64_t page, const uint8_t *data,
                                   uint8_t *out)
{
	struct record r = { .version = seal_version(s->seal) & VERSION_MAX };

	assert_int_equal(sealer_seal(s->sealer, page, &r, data, out), 0);
	return r;
}

#endif
