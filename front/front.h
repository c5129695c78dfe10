/* SPDX-License-Identifier: BSD-2-Clause */
/* Between a face and the lenders: each request of the face becomes one of libfarpage's. One loop, one
 * thread; what arrives together is sealed, sent and answered together. */
#ifndef FARPAGE_FRONT_H
#define FARPAGE_FRONT_H

#include <ev.h>
#include <pthread.h>
#include <stdbool.h>

#include "face.h"
#include "farpage.h"

struct front {
	struct ev_loop *loop;
	struct farpage *farpage;
	struct face *face;
	struct farpage_run run[FACE_DEPTH_MAX]; /* one for each request of the face */
	unsigned runs;
	ev_idle due;            /* active: something was submitted, or came, so the loop must not sleep */
	bool failed;
	ev_io came;             /* libfarpage has something to do */
	ev_prepare sleep;
	ev_async stop;
	_Atomic bool force;     /* whoever uses the device */
	const char *device_file; /* was written, and goes when the device does */
	pthread_t host;         /* see host() */
	bool hosted;
	_Atomic bool over;      /* it is to end */
};

struct front_terms {
	const struct face_ops *const *faces; /* the first that can be had; a NULL ends them */
	const struct face_nbd_terms *nbd;
	const char *device_file; /* says which device, before it is there; or NULL */
	void (*lock)(void *data); /* when all that is needed is there */
	void *data;
};

/* Serve FARPAGE's device until that ends. 0, or -1 after a line about what went wrong. The caller
 * blocked all signals. */
int front_run(struct front *, struct farpage *, const struct front_terms *);
/* After farpage_close(): until then, what was asked for may still be written to the face's memory, and answered.
 * Also if front_run() was not called. */
void front_close(struct front *);

#endif
