/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line of farpage-front, and its config file. */
#ifndef FARPAGE_FRONT_OPTIONS_H
#define FARPAGE_FRONT_OPTIONS_H

#include "parameters.h"

enum front_face { FACE_IS_AUTO, FACE_IS_UBLK };

struct front_options {
	struct parameters parameters;
	enum front_face face;
	char *config;
	bool done;               /* help or version was printed */
};

/* -1 with WORDS. Free them in any case. */
int front_options_read(struct front_options *, int argc, char **argv, char words[static WORDS_MAX]);
void front_options_free(struct front_options *);

#endif
