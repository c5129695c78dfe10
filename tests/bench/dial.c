/* SPDX-License-Identifier: BSD-2-Clause */
#include <endian.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "dial.h"
#include "hostport.h"
#include "nbdwire.h"

#define NAME_MAX_BYTES 4096u

static int dial_unix(const char *path, char *why, size_t why_size)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof to.sun_path) {
		snprintf(why, why_size, "the socket's path is longer than %zu bytes: %s", sizeof to.sun_path - 1, path);
		return -1;
	}
	strcpy(to.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1 || connect(fd, (struct sockaddr *)&to, sizeof to) == -1) {
		snprintf(why, why_size, "connecting to %s: %s", path, strerror(errno));
		if (fd != -1)
			close(fd);
		return -1;
	}
	return fd;
}

static int dial_tcp(const char *address, char *why, size_t why_size)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list, *ai;
	char host[HOSTPORT_HOST_MAX], port[HOSTPORT_PORT_MAX];
	const char *wrong = hostport_parse(address, strlen(address), NULL, host, port);
	int fd = -1, on = 1, r;

	if (wrong) {
		snprintf(why, why_size, "'%s' is no address, HOST:PORT, [ADDR6]:PORT or unix:PATH: %s", address,
		         wrong);
		return -1;
	}
	r = getaddrinfo(host, port, &hints, &list);
	if (r != 0) {
		snprintf(why, why_size, "looking up %s: %s", address, gai_strerror(r));
		return -1;
	}
	for (ai = list; ai != NULL && fd == -1; ai = ai->ai_next) {
		fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC, ai->ai_protocol);
		if (fd != -1 && connect(fd, ai->ai_addr, ai->ai_addrlen) == -1) {
			snprintf(why, why_size, "connecting to %s: %s", address, strerror(errno));
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(list);
	if (fd != -1)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return fd;
}

static int get_all(int fd, void *data, size_t bytes)
{
	/* Asked for nothing, recv would wait for a byte. */
	ssize_t n = bytes == 0 ? 0 : recv(fd, data, bytes, MSG_WAITALL);

	if (n == (ssize_t)bytes)
		return 0;
	if (n >= 0)
		errno = ECONNRESET;
	return -1;
}

static int put_all(int fd, const void *data, size_t bytes)
{
	/* A handshake's messages always fit an empty socket buffer. */
	return send(fd, data, bytes, MSG_NOSIGNAL) == (ssize_t)bytes ? 0 : -1;
}

static int send_go(int fd, const char *name, uint32_t client_flags)
{
	uint32_t name_bytes = (uint32_t)strlen(name);
	uint8_t message[4 + sizeof(struct nbd_option) + 4 + NAME_MAX_BYTES + 2];
	struct nbd_option option = {
		.magic = htobe64(NBD_OPTION_MAGIC),
		.option = htobe32(NBD_OPT_GO),
		.length = htobe32(4 + name_bytes + 2),
	};
	const uint16_t no_infos = 0;
	const uint32_t flags = htobe32(client_flags), length = htobe32(name_bytes);
	uint8_t *p = message;

	p = (uint8_t *)memcpy(p, &flags, 4) + 4;
	p = (uint8_t *)memcpy(p, &option, sizeof option) + sizeof option;
	p = (uint8_t *)memcpy(p, &length, 4) + 4;
	p = (uint8_t *)memcpy(p, name, name_bytes) + name_bytes;
	p = (uint8_t *)memcpy(p, &no_infos, 2) + 2;
	return put_all(fd, message, (size_t)(p - message));
}

/* One reply to GO: 0 done, 1 more to come, -1 with `why`. */
static int get_go_reply(int fd, struct dial_export *export, char *why, size_t why_size)
{
	struct nbd_option_reply reply;
	struct nbd_info_export info;
	uint8_t payload[8192];
	uint32_t type, length;

	if (get_all(fd, &reply, sizeof reply) == -1) {
		snprintf(why, why_size, "waiting for the answer to NBD_OPT_GO: %s", strerror(errno));
		return -1;
	}
	type = be32toh(reply.type);
	length = be32toh(reply.length);
	if (be64toh(reply.magic) != NBD_OPTION_REPLY_MAGIC || length >= sizeof payload ||
		get_all(fd, payload, length) == -1) {
		snprintf(why, why_size, "the server's answer to NBD_OPT_GO is malformed");
		return -1;
	}
	payload[length] = '\0';
	if (type & NBD_REP_ERROR_BIT) {
		snprintf(why, why_size, "the server refuses the export (reply type 0x%x): %s", type, (char *)payload);
		return -1;
	}
	if (type == NBD_REP_INFO && length == sizeof info) {
		memcpy(&info, payload, sizeof info);
		if (be16toh(info.info) == NBD_INFO_EXPORT) {
			export->size_bytes = be64toh(info.size);
			export->flags = be16toh(info.flags);
		}
	}
	return type == NBD_REP_ACK ? 0 : 1;
}

static int handshake(int fd, const char *name, struct dial_export *export, char *why, size_t why_size)
{
	struct nbd_greeting greeting;
	uint32_t flags;
	int r;

	if (get_all(fd, &greeting, sizeof greeting) == -1) {
		snprintf(why, why_size, "waiting for the server's greeting: %s", strerror(errno));
		return -1;
	}
	flags = be16toh(greeting.flags);
	if (be64toh(greeting.magic) != NBD_MAGIC || be64toh(greeting.option_magic) != NBD_OPTION_MAGIC ||
		!(flags & NBD_FLAG_FIXED_NEWSTYLE)) {
		snprintf(why, why_size, "the server does not speak NBD's fixed newstyle");
		return -1;
	}
	if (send_go(fd, name, flags & (NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES)) == -1) {
		snprintf(why, why_size, "sending NBD_OPT_GO: %s", strerror(errno));
		return -1;
	}
	do
		r = get_go_reply(fd, export, why, why_size);
	while (r == 1);
	return r;
}

int dial(const char *address, const char *name, struct dial_export *export, char *why, size_t why_size)
{
	int fd;

	memset(export, 0, sizeof *export);
	if (strlen(name) > NAME_MAX_BYTES) {
		snprintf(why, why_size, "the export's name is longer than %u bytes", NAME_MAX_BYTES);
		return -1;
	}
	if (hostport_unix(address))
		fd = dial_unix(address + 5, why, why_size);
	else
		fd = dial_tcp(address, why, why_size);
	if (fd != -1 && handshake(fd, name, export, why, why_size) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}
