/* SPDX-License-Identifier: BSD-2-Clause */
/* Turns the bytes of a part into whole pages. A page that changes in part is got, changed, and put again; nobody
 * may change it in between, so a change waits for older ones of the same pages. */
#ifndef FARPAGE_NBD_SPAN_H
#define FARPAGE_NBD_SPAN_H

#include "nbd_room.h"

struct spans {
	struct face *face;
	struct room_list changes;  /* as they came */
	unsigned parted;           /* of them, in part of a page */
	unsigned begun;            /* parts that are not over */
	bool calling;              /* those who waited */
	bool refusing;             /* what is not asked yet is not asked any more */
	/* It is over; the room may be given back at once. */
	void (*done)(void *data, struct room *, int error);
	void *data;
};

void spans_open(struct spans *, struct face *, void (*done)(void *, struct room *, int error), void *data);
/* Carry out the room's part. */
void span_begin(struct spans *, struct room *);
/* The owner has answered the room's request. */
void span_answer(struct spans *, struct room *, int error);

#endif
