/* SPDX-License-Identifier: BSD-2-Clause */
/* A pool as an option: NAME=SIZE, and the words that may follow. */
#ifndef FARPAGE_OPTIONS_POOL_H
#define FARPAGE_OPTIONS_POOL_H

#include "options.h"

/* NULL, or a message that says what would be right. */
const char *options_set_pool(struct options *, const char *value);
const char *options_set_drop_pool(struct options *, const char *value);

#endif
