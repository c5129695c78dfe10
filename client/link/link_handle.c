/* SPDX-License-Identifier: BSD-2-Clause */
/* What is asked of libnbd's handle on any connection to a lender, whether it is a link or only looks. */
#include "link_nbd.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *link_nbd_error(void)
{
	const char *words = nbd_get_error(), *colon = words ? strstr(words, ": ") : NULL;

	if (!words)
		return "the connection ended";
	return colon && strncmp(words, "nbd_", 4) == 0 ? colon + 2 : words;
}

int link_nbd_prove(struct nbd_handle *nbd, const char *psk, const char *username)
{
	return psk && (nbd_set_tls(nbd, LIBNBD_TLS_REQUIRE) < 0 ||
	               nbd_set_tls_psk_file(nbd, psk) < 0 ||
	               nbd_set_tls_username(nbd, username) < 0) ? -1 : 0;
}

/* A value in the lender's description of the pool: "KEY=VALUE ...". */
static bool value(const char *text, const char *key, char out[static 48])
{
	size_t len = strlen(key);
	const char *at = text;

	for (; (at = strstr(at, key)); at += len)
		if ((at == text || at[-1] == ' ') && at[len] == '=')
			return snprintf(out, 48, "%.*s", (int)strcspn(at + len + 1, " "),
			                at + len + 1) < 48;
	return false;
}

bool link_nbd_identity(struct nbd_handle *nbd, char identity[static IDENTITY_MAX])
{
	char *text = nbd_get_export_description(nbd), incarnation[48], since[48], lender[48];
	bool known = text && value(text, "incarnation", incarnation) &&
	             value(text, "since", since);

	if (known && !value(text, "lender", lender))
		*lender = '\0';
	free(text);
	if (known)
		snprintf(identity, IDENTITY_MAX, "%.47s %.47s %.47s", incarnation, since, lender);
	return known;
}

struct pollfd link_nbd_poll(struct nbd_handle *nbd)
{
	struct pollfd p = { .fd = -1 };
	unsigned direction;

	if (!nbd)
		return p;
	direction = nbd_aio_get_direction(nbd);
	p.fd = nbd_aio_get_fd(nbd);
	p.events = (short)((direction & LIBNBD_AIO_DIRECTION_READ ? POLLIN : 0) |
	                   (direction & LIBNBD_AIO_DIRECTION_WRITE ? POLLOUT : 0));
	return p;
}

int link_nbd_notify(struct nbd_handle *nbd, short revents)
{
	unsigned direction = nbd_aio_get_direction(nbd);

	if (revents & (POLLIN | POLLHUP | POLLERR) &&
	    direction & LIBNBD_AIO_DIRECTION_READ)
		return nbd_aio_notify_read(nbd);
	if (revents & (POLLOUT | POLLHUP | POLLERR) &&
	    direction & LIBNBD_AIO_DIRECTION_WRITE)
		return nbd_aio_notify_write(nbd);
	return 0;
}
