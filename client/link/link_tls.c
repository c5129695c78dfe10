/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages over TLS: libnbd has the session, so it carries them, each with an
 * allocation of its own. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "link_nbd.h"

/* ENOTCONN is libnbd's word for a connection that ended, not the lender's:
 * such an ask has no reply, it is down() that decides. */
static int replied(void *user, int *error)
{
	struct ask *ask = user;
	struct link_nbd *n = ask->via;

	if (n->nbd && *error != ENOTCONN) {
		n->under_way--;
		link_nbd_reply(n, ask, *error);
	}
	/* 1 frees the command, which libnbd 1.14 still reads when the connection
	 * ends while it is asking; it is freed with the handle then. */
	return !n->asking;
}

static int64_t issue(struct link_nbd *n, struct ask *ask)
{
	uint64_t offset = ask->page * PAGE_BYTES;
	size_t length = (size_t)ask->pages * PAGE_BYTES;
	nbd_completion_callback done = { .callback = replied, .user_data = ask };

	switch (ask->kind) {
	case ASK_PUT: return nbd_aio_pwrite(n->nbd, ask->data, length, offset, done, 0);
	case ASK_GET: return nbd_aio_pread(n->nbd, ask->data, length, offset, done, 0);
	case ASK_DISCARD: return nbd_aio_trim(n->nbd, length, offset, done, 0);
	}
	return -1;
}

static void send_tls(struct link *l, struct ask *ask)
{
	struct link_nbd *n = link_nbd_of(l);
	int64_t cookie;

	ask->via = n;
	n->under_way++;
	n->asking = true;
	cookie = issue(n, ask);
	n->asking = false;
	if (cookie >= 0) {
		if (nbd_aio_is_dead(n->nbd))
			link_nbd_look(n);
		return;
	}
	n->under_way--;
	if (nbd_aio_is_ready(n->nbd) || nbd_aio_is_processing(n->nbd))
		l->upcalls->reply(l, ask, nbd_get_errno() ? nbd_get_errno() : EIO);
	else
		link_nbd_look(n);
}

/* Told to read when there is nothing, libnbd 1.14 waits for a reply and sends
 * nothing more until it comes. */
static bool readable(const struct link_nbd *n)
{
	uint8_t byte;

	return recv(nbd_aio_get_fd(n->nbd), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* libnbd takes one reply a call: go on while replies are there. */
static void notify_tls(struct link *l, short revents)
{
	struct link_nbd *n = link_nbd_of(l);
	unsigned before;

	if (!n->nbd)
		return;
	do {
		before = n->under_way;
		if (link_nbd_notify(n->nbd, revents) < 0)
			break;
	} while (n->nbd && n->under_way && n->under_way < before && readable(n));
	if (n->nbd && !link_nbd_ended(n))
		link_nbd_look(n);
}

static void send_nothing(struct link *l)
{
	(void)l;
}

const struct link_ops link_tls_ops = {
	.connect = link_nbd_connect,
	.close = link_nbd_close,
	.send = send_tls,
	.send_queued = send_nothing,
	.interest = link_nbd_interest,
	.notify = notify_tls,
	.free = link_nbd_free,
};
