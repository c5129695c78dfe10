/* SPDX-License-Identifier: BSD-2-Clause */
/* In place of ublk.c where there is no liburing. */
#include "face.h"

#include <stddef.h>

static int ublk_probe(char words[static WORDS_MAX])
{
	words_print(words, "ublk: this program was built without liburing: build it anew with liburing-dev installed, "
	            "or take --face nbd");
	return -1;
}

static struct face *ublk_open(struct ev_loop *loop, const struct face_terms *terms, const struct face_owner *owner,
                              void *user, char words[static WORDS_MAX])
{
	(void)loop, (void)terms, (void)owner, (void)user;
	ublk_probe(words);
	return NULL;
}

const struct face_ops face_ublk = { .name = "ublk", .probe = ublk_probe, .open = ublk_open };
