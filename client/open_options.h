/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef OPEN_OPTIONS_H
#define OPEN_OPTIONS_H

#include "farpage.h"

/* Take SIZE bytes of GIVEN, as its caller was built; what that does not have is 0. An option that we do
 * not have must be 0. -1 with errno and WORDS. */
int options_read(struct farpage_options *o, const struct farpage_options *given, size_t size, char *words);

unsigned options_lenders(const struct farpage_options *o);
unsigned options_copies(const struct farpage_options *o);
int64_t options_deadline(const struct farpage_options *o);
int64_t options_link_timeout(const struct farpage_options *o);

/* What can be seen before anybody is asked. -1 with WORDS. */
int options_check(const struct farpage_options *o, char *words);

#endif
