/* SPDX-License-Identifier: BSD-2-Clause */
/* The parameters of a program that serves a device, KEY=VALUE. Before it has threads. */
#ifndef FARPAGE_PARAMETERS_H
#define FARPAGE_PARAMETERS_H

#include <stdbool.h>
#include <stdio.h>

#include "farpage.h"
#include "words.h"

struct parameters {
	struct farpage_options options; /* its pointers point to the fields below */
	char *lender[FARPAGE_LENDERS_MAX];
	char *lenders, *pool, *tls_psk, *tls_username, *spill, *seal;
	bool same_lender, patient;
	bool swap;                      /* prepare to be swapped onto */
	bool realtime;
	char *stats;                    /* the socket of figures, or NULL */
};

/* The parameters when none is given. */
void parameters_begin(struct parameters *);
/* Set one. -1 with WORDS. */
int parameters_set(struct parameters *, const char *key, const char *value, char words[static WORDS_MAX]);
/* Call it when all are given: completes the options. -1 with WORDS. */
int parameters_complete(struct parameters *, char words[static WORDS_MAX]);
void parameters_free(struct parameters *);
/* Print a paragraph for each. */
void parameters_help(FILE *);

#endif
