/* SPDX-License-Identifier: BSD-2-Clause */
/* Which host owns the device. Over a network any host can connect to it, and two that swapped onto it
 * would overwrite each other's pages. So it belongs to one host at a time, as a lender's pool does.
 *
 * A host is identified by the claim that it makes up, "NAME?claim=ID", or else by its address. The first
 * host that writes owns the device, with as many connections as it likes. While one of them is open, no
 * other host is let in, unless it forces: "NAME?claim=ID&force". With force, or when none is open, the
 * first write of another host takes the device over: requests of older connections are refused from then
 * on, all pages are forgotten, and the export gets another name, so that the former owner cannot come
 * back to pages that are not its own. */
#ifndef FARPAGE_OWNER_H
#define FARPAGE_OWNER_H

#include <stdbool.h>

#include "farpage.h"
#include "words.h"


struct visit; /* a connection */

/* F is the device; its instance is the first name of the export. */
void owner_begin(struct farpage *f);
/* The export's name, a copy that is valid until this thread's next call. */
const char *owner_name(void);

/* Which host owns the device, as a sentence. */
void owner_describe(char words[static WORDS_MAX]);

/* A connection from HOST that asks for EXPORT. NULL: WORDS say why it is not let in. */
struct visit *owner_open(const char *export, const char *host, char words[static WORDS_MAX]);
void owner_close(struct visit *);

/* Around each request. False: another host owns the device by now. A change takes it over for this visit, or is refused. */
bool owner_enter(struct visit *, bool change);
void owner_leave(struct visit *);

#endif
