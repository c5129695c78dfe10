/* SPDX-License-Identifier: BSD-2-Clause */
/* Which host owns the device, see ownership.h; for nbdkit's threads. */
#ifndef FARPAGE_OWNER_H
#define FARPAGE_OWNER_H

#include <stdbool.h>

#include "farpage.h"
#include "words.h"

struct guest; /* a connection */

/* F is the device; its instance is the first name of the export. */
void owner_begin(struct farpage *f);
/* The export's name, a copy that is valid until this thread's next call. */
const char *owner_name(void);

/* Which host owns the device, as a sentence. */
void owner_describe(char words[static WORDS_MAX]);

/* A connection from HOST that asks for EXPORT. NULL: WORDS say why it is not let in. */
struct guest *owner_open(const char *export, const char *host, char words[static WORDS_MAX]);
void owner_close(struct guest *);

/* Around each request. False: another host owns the device by now. A change takes it over for this visit, or is refused. */
bool owner_enter(struct guest *, bool change);
void owner_leave(struct guest *);

#endif
