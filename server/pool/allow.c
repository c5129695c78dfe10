/* SPDX-License-Identifier: BSD-2-Clause */
#include "allow.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define MAPPED_BITS 96 /* of ::ffff:0:0/96, before an IPv4 address */

/* Are the first BITS the same? */
static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned bytes = bits / 8, rest = bits % 8;

	return memcmp(a, b, bytes) == 0 &&
	       (rest == 0 || (a[bytes] ^ b[bytes]) >> (8 - rest) == 0);
}

/* Is any bit set behind the first BITS? */
static bool has_host_bits(const struct origin *net, unsigned bits)
{
	struct origin masked = *net;

	for (unsigned i = bits; i < 8 * sizeof masked.address; i++)
		masked.address[i / 8] &= (uint8_t)~(0x80 >> i % 8);
	return memcmp(masked.address, net->address, sizeof masked.address) != 0;
}

static const char *parse_bits(const char *text, unsigned most, unsigned *bits)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (!isdigit((unsigned char)*text) || *end || strlen(text) > 3 || n > most)
		return most == 32 ? "a prefix of an IPv4 network is 0 to 32"
		                  : "a prefix of an IPv6 network is 0 to 128";
	*bits = (unsigned)n;
	return NULL;
}

static const char *parse_net(struct origin *net, unsigned *bits, const char *text)
{
	char host[INET6_ADDRSTRLEN + 1];
	const char *slash = strchr(text, '/'), *error = NULL;
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	uint8_t address[16];
	int family;

	if (len >= sizeof host)
		return "write allow=ADDRESS, allow=ADDRESS/BITS or allow=unix";
	memcpy(host, text, len);
	host[len] = '\0';
	family = strchr(host, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(family, host, address) != 1)
		return "write allow=ADDRESS, allow=ADDRESS/BITS or allow=unix";
	*net = origin_of(family, address);
	*bits = family == AF_INET6 ? 128 : 32;
	if (slash)
		error = parse_bits(slash + 1, *bits, bits);
	if (!error && family == AF_INET6 && net->kind == ORIGIN_INET) {
		if (*bits < MAPPED_BITS)
			return "write an IPv4 network as such";
		*bits -= MAPPED_BITS;
	}
	if (!error && has_host_bits(net, *bits))
		error = "a network has no bits behind its prefix, as in 192.0.2.0/24";
	return error;
}

const char *allow_add(struct allow *allow, const char *text)
{
	struct origin from = { .kind = ORIGIN_UNIX };
	const char *error = NULL;
	unsigned bits = 0;

	if (strcmp(text, "unix") != 0)
		error = parse_net(&from, &bits, text);
	if (!error && allow->n == ALLOW_MAX)
		error = "a pool has at most 16 of allow=; write a larger network";
	if (error)
		return error;
	allow->net[allow->n].from = from;
	allow->net[allow->n++].bits = bits;
	return NULL;
}

bool allow_admits(const struct allow *allow, const struct origin *o)
{
	for (unsigned i = 0; i < allow->n; i++)
		if (allow->net[i].from.kind == o->kind &&
		    same_bits(allow->net[i].from.address, o->address, allow->net[i].bits))
			return true;
	return allow->n == 0;
}
