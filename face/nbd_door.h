/* SPDX-License-Identifier: BSD-2-Clause */
/* The NBD face, and the door of its server (backend.h): who is let in, whose the device is, and what becomes of
 * the parts of requests. When another host takes the device over, requests of the one before are refused from then
 * on, those that are under way are waited for, and all pages are forgotten before anything of the new one is begun. */
#ifndef FARPAGE_NBD_DOOR_H
#define FARPAGE_NBD_DOOR_H

#include "nbd_span.h"
#include "ownership.h"

struct nbd_door {
	struct face *face;
	uint64_t bytes;            /* the device's size */
	struct ownership ownership;
	struct rooms rooms;
	struct spans spans;
	struct face_request flush; /* of all pages */
	bool flushing;             /* the owner has it */
	bool taken;                /* pages of the host before may be there */
	struct room_list held;     /* parts that wait until they are not */
	bool refusing;             /* with EIO */
	unsigned joined;           /* clients */
	bool waited;               /* for room, at the last look, */
	uint64_t given;            /* when so many had been given back */
};

/* NAME is the export's first name. -1 with words; close in any case. */
int nbd_door_open(struct nbd_door *, struct face *, const char *name, uint64_t pages, unsigned depth,
                  char words[static WORDS_MAX]);
void nbd_door_close(struct nbd_door *);
struct backend nbd_door_backend(struct nbd_door *);

/* The owner's answer. */
void nbd_door_answer(struct nbd_door *, struct face_request *, int error);
/* From now on all is EIO, also what the owner has. */
void nbd_door_refuse(struct nbd_door *);
/* Now and then: hang up on those who hold room and neither take nor send anything, if others have waited for it
 * since the last time. */
void nbd_door_look(struct nbd_door *);

#endif
