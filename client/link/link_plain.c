/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages without TLS: on the socket itself. */
#include <errno.h>
#include <string.h>

#include "link_nbd.h"

static void send_plain(struct link *l, struct ask *ask)
{
	wire_queue(&link_nbd_of(l)->wire, ask);
}

static void send_queued_plain(struct link *l)
{
	struct link_nbd *n = link_nbd_of(l);

	if (link_nbd_up(n) && wire_waits_to_send(&n->wire) && wire_send(&n->wire) < 0)
		link_nbd_fail(n, strerrordesc_np(errno));
}

static struct pollfd interest_plain(struct link *l)
{
	struct link_nbd *n = link_nbd_of(l);

	if (!link_nbd_up(n))
		return link_nbd_interest(l);
	return (struct pollfd){
		.fd = n->wire.fd,
		.events = wire_waits_to_send(&n->wire) ? POLLIN | POLLOUT : POLLIN,
	};
}

static void replied(void *user, struct ask *ask, int error)
{
	link_nbd_reply(user, ask, error);
}

static void notify_open(struct link_nbd *n, short revents)
{
	const char *words = NULL;

	if (revents & (POLLIN | POLLHUP | POLLERR) &&
	    wire_receive(&n->wire, replied, n, &words) < 0) {
		link_nbd_fail(n, words);
		return;
	}
	if (!link_nbd_ended(n) && revents & POLLOUT)
		send_queued_plain(&n->link);
}

static void notify_plain(struct link *l, short revents)
{
	struct link_nbd *n = link_nbd_of(l);

	if (!n->nbd)
		return;
	if (link_nbd_up(n)) {
		notify_open(n, revents);
		return;
	}
	link_nbd_notify(n->nbd, revents);
	if (n->nbd)
		link_nbd_look(n);
}

const struct link_ops link_plain_ops = {
	.connect = link_nbd_connect,
	.close = link_nbd_close,
	.send = send_plain,
	.send_queued = send_queued_plain,
	.interest = interest_plain,
	.notify = notify_plain,
	.free = link_nbd_free,
};
