/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line of farpage-front, and its config file. */
#ifndef FARPAGE_FRONT_OPTIONS_H
#define FARPAGE_FRONT_OPTIONS_H

#include "face_nbd.h"
#include "parameters.h"

#define FRONT_LISTENS_MAX 16

/* AUTO: UBLK if it can be had, else NBD. */
enum front_face { FRONT_UNSAID, FRONT_AUTO, FRONT_UBLK, FRONT_NBD };

struct front_options {
	struct parameters parameters;
	enum front_face face;             /* never UNSAID once they are read */
	char *listen[FRONT_LISTENS_MAX];
	unsigned listens;
	bool allow_plaintext;
	char *tls_psk, *tls_certificates; /* of clients; of lenders: the parameters' */
	char *config, *device_file;
	bool done;               /* help or version was printed */
};

/* -1 with WORDS. Free them in any case. */
int front_options_read(struct front_options *, int argc, char **argv, char words[static WORDS_MAX]);
/* What the NBD face is told; as long as the options stay. */
struct face_nbd_terms front_options_nbd(const struct front_options *, const char *name);
void front_options_free(struct front_options *);

#endif
