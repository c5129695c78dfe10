/* SPDX-License-Identifier: BSD-2-Clause */
#include "hostport.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ":PORT", or nothing. */
static const char *parse_port(const char *text, size_t len, const char *default_port,
                              char port[static HOSTPORT_PORT_MAX])
{
	const char *digits = len ? text + 1 : default_port;
	size_t n = len ? len - 1 : default_port ? strlen(default_port) : 0;

	if (!digits)
		return "there is no port";
	if (len && *text != ':')
		return "only a port may follow the brackets";
	if (memchr(digits, ':', n))
		return "an IPv6 address stands in brackets";
	snprintf(port, HOSTPORT_PORT_MAX, "%.*s", (int)n, digits);
	return n && n < HOSTPORT_PORT_MAX && strspn(port, "0123456789") == n && atoi(port) <= 65535
	           ? NULL : "a port is a number up to 65535";
}

const char *hostport_parse(const char *text, size_t len, const char *default_port,
                           char host[static HOSTPORT_HOST_MAX], char port[static HOSTPORT_PORT_MAX])
{
	const char *end = text + len, *host_end, *rest;

	if (len && *text == '[') {
		text++;
		rest = host_end = memchr(text, ']', (size_t)(end - text));
		if (!rest)
			return "a bracket is not closed";
		rest++;
	} else {
		rest = host_end = memchr(text, ':', len);
		if (!rest)
			rest = host_end = end;
	}
	if (host_end == text)
		return "there is no host";
	if (host_end - text >= HOSTPORT_HOST_MAX)
		return "the host's name is too long";
	snprintf(host, HOSTPORT_HOST_MAX, "%.*s", (int)(host_end - text), text);
	return parse_port(rest, (size_t)(end - rest), default_port, port);
}

const char *hostport_unix(const char *text)
{
	return strncmp(text, "unix:", 5) == 0 ? text + 5 : NULL;
}
