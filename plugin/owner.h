/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose the device is. Over a network any host may connect to it, and two that swapped onto it would write over
 * each other's pages; so one has it at a time, as a lender's pool.
 *
 * A host is known by the claim that it makes up, "NAME?claim=ID", or else by its address. The first
 * that writes has the device, with as many connections as it likes. While one of them is open, no other
 * host is let in, unless it forces: "NAME?claim=ID&force". Then, or when none is open, another's first write
 * takes the device over: what older connections ask is refused from there on, all pages are
 * forgotten, and the export has another name, by which the host before cannot come back to pages
 * that are not its own. */
#ifndef FARPAGE_OWNER_H
#define FARPAGE_OWNER_H

#include <stdbool.h>

#include "farpage.h"
#include "words.h"


struct visit; /* a connection */

/* F is the device; its instance is the first name. */
void owner_begin(struct farpage *f);
/* The export's name, a copy that is valid until this thread's next call. */
const char *owner_name(void);

/* Who has the device. */
void owner_describe(char words[static WORDS_MAX]);

/* A connection from HOST that asks for EXPORT. NULL: WORDS say why it is not let in. */
struct visit *owner_open(const char *export, const char *host, char words[static WORDS_MAX]);
void owner_close(struct visit *);

/* Around each request. False: the device is another's by now. A change makes it the visit's own, or is refused. */
bool owner_enter(struct visit *, bool change);
void owner_leave(struct visit *);

#endif
