/* SPDX-License-Identifier: BSD-2-Clause */
/* What a program that serves a device is told, KEY=VALUE by KEY=VALUE. Before it has threads. */
#ifndef FARPAGE_PARAMETERS_H
#define FARPAGE_PARAMETERS_H

#include <stdbool.h>
#include <stdio.h>

#include "farpage.h"
#include "words.h"

struct parameters {
	struct farpage_options options; /* what it points to is below */
	char *lender[FARPAGE_LENDERS_MAX];
	char *lenders, *pool, *tls_psk, *tls_username, *spill, *seal;
	bool same_lender, patient;
	bool swap;                      /* prepare to be swapped onto */
	bool realtime;
	char *stats;                    /* where figures are told, or NULL */
};

/* As if nothing was said. */
void parameters_begin(struct parameters *);
/* -1 with WORDS: what is wrong. */
int parameters_set(struct parameters *, const char *key, const char *value, char words[static WORDS_MAX]);
/* All are given: its options are complete. -1 with WORDS. */
int parameters_complete(struct parameters *, char words[static WORDS_MAX]);
void parameters_free(struct parameters *);
/* A paragraph of each. */
void parameters_help(FILE *);

#endif
