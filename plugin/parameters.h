/* SPDX-License-Identifier: BSD-2-Clause */
/* What the plugin is told, KEY=VALUE by KEY=VALUE, and what it says of that. nbdkit's main thread only,
 * before there are others. */
#ifndef FARPAGE_PARAMETERS_H
#define FARPAGE_PARAMETERS_H

#include <stdbool.h>

#include "farpage.h"

extern struct parameters {
	struct farpage_options options; /* its texts are parameters.c's */
	bool swap;                      /* prepare to be swapped onto */
	bool realtime;
	bool patient;
	bool same_lender;
	char *stats;                    /* where figures are told, or NULL */
} parameters;

/* 0, or -1, and nbdkit was told what is wrong. */
int parameters_set(const char *key, const char *value);
/* All are given. */
int parameters_complete(void);
void parameters_free(void);

#define PARAMETERS_HELP \
	"lender=HOST[:PORT]   A lender, also [ADDR6]:PORT, unix:PATH,\n" \
	"                     nbd://HOST[:PORT][/POOL], nbd+unix:///[POOL]?socket=PATH.\n" \
	"                     May be given up to 16 times. Without it pages are kept in\n" \
	"                     this process.\n" \
	"lenders=FILE         More lenders, one a line; read again when it changes. A\n" \
	"                     line that is gone, or ADDRESS drain, empties one.\n" \
	"copies=N             Copies of each page, on different lenders (default: 2 if\n" \
	"                     there are two lenders or more).\n" \
	"same-lender=BOOL     Copies may be in pools of one lender, which are lost\n" \
	"                     together (default: false).\n" \
	"spill=PATH           A preallocated file or a block device, for pages that no\n" \
	"                     lender can take in time.\n" \
	"seal=on|check|off    Encrypt pages and check them (default: on), only check\n" \
	"                     them, or neither.\n" \
	"pool=NAME            Pool on each lender (default: its first).\n" \
	"tls-psk=FILE         TLS, with the pre-shared key that is in FILE, a line\n" \
	"tls-username=NAME    NAME:HEXKEY, as from psktool.\n" \
	"size=SIZE            Size of the device (default: what there is room for).\n" \
	"deadline=MS          Longest time of an operation that nobody can carry out,\n" \
	"                     then EIO (default: 30000).\n" \
	"link-timeout=MS      A lender that owes an answer this long is connected\n" \
	"                     anew, and others go on without it (default: 1000 with\n" \
	"                     copies or a spill, else 10000; at most the deadline).\n" \
	"heal-rate=SIZE       Bytes a second at most that are copied to make missing\n" \
	"                     copies again (default: 64M).\n" \
	"patient=BOOL         Never leave out a lender that fails again and again\n" \
	"                     (default: false).\n" \
	"swap=BOOL            Prepare this process for being swapped onto\n" \
	"                     (default: true).\n" \
	"realtime=BOOL        Run in the real-time class (default: false).\n" \
	"stats=PATH           A unix socket: who connects is sent figures, as JSON."

#endif
