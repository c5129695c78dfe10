/* SPDX-License-Identifier: BSD-2-Clause */
/* epollfloor PORT BYTES: the least an NBD server can be, for comparison only.
 * One thread, one area of memory, READ and WRITE; whatever client connects to
 * 127.0.0.1 is trusted. Requests are parsed in batches from one large read, their
 * replies leave in one gathered write that points into the memory. It knows no
 * errors but EINVAL, stops reading while its client does not read, and a cut
 * connection may leave half a write: what a real server adds costs the rest. */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "nbdwire.h"

#define RECEIVE_BYTES (256u << 10)
#define BATCH 512u /* replies in one write: two iovecs each, 1024 is the kernel's limit */

struct client {
	int fd;
	bool blocked; /* its socket takes no more: wait for EPOLLOUT, read nothing */
	size_t begin, end; /* of what is in `received` and not yet used up */
	/* The write whose payload is coming in; no target: it is thrown away. */
	bool writing;
	uint8_t *target;
	size_t payload_left;
	uint64_t cookie;
	/* Replies not yet sent. */
	struct nbd_reply reply[BATCH];
	struct iovec iov[2 * BATCH];
	unsigned replies, iovs, first_iov;
	uint8_t received[RECEIVE_BYTES];
};

static uint8_t *memory;
static uint64_t memory_bytes;
static int epoll_fd;

static int get_all(int fd, void *data, size_t bytes)
{
	return bytes == 0 || recv(fd, data, bytes, MSG_WAITALL) == (ssize_t)bytes ? 0 : -1;
}

static int put_all(int fd, const void *data, size_t bytes)
{
	return bytes == 0 || send(fd, data, bytes, MSG_NOSIGNAL) == (ssize_t)bytes ? 0 : -1;
}

static int put_option_reply(int fd, uint32_t option, uint32_t type, const void *data, uint32_t bytes)
{
	struct nbd_option_reply reply = {
		.magic = htobe64(NBD_OPTION_REPLY_MAGIC),
		.option = option,
		.type = htobe32(type),
		.length = htobe32(bytes),
	};

	return put_all(fd, &reply, sizeof reply) == -1 || put_all(fd, data, bytes) == -1 ? -1 : 0;
}

/* 0 when GO was answered, 1 for another option, -1 at the end. */
static int answer_option(int fd)
{
	const struct nbd_info_export info = {
		.info = htobe16(NBD_INFO_EXPORT),
		.size = htobe64(memory_bytes),
		.flags = htobe16(NBD_FLAG_HAS_FLAGS | NBD_FLAG_CAN_MULTI_CONN),
	};
	struct nbd_option option;
	uint8_t data[4096 + 64];

	if (get_all(fd, &option, sizeof option) == -1 || be32toh(option.length) > sizeof data ||
		get_all(fd, data, be32toh(option.length)) == -1)
		return -1;
	if (be32toh(option.option) == NBD_OPT_ABORT)
		return -1;
	if (be32toh(option.option) != NBD_OPT_GO)
		return put_option_reply(fd, option.option, NBD_REP_ERR_UNSUP, NULL, 0) == -1 ? -1 : 1;
	if (put_option_reply(fd, option.option, NBD_REP_INFO, &info, sizeof info) == -1)
		return -1;
	return put_option_reply(fd, option.option, NBD_REP_ACK, "", 0);
}

/* Blocks the loop: good enough for a floor. */
static int handshake(int fd)
{
	const struct nbd_greeting greeting = {
		.magic = htobe64(NBD_MAGIC),
		.option_magic = htobe64(NBD_OPTION_MAGIC),
		.flags = htobe16(NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES),
	};
	uint32_t client_flags;
	int r;

	if (put_all(fd, &greeting, sizeof greeting) == -1 || get_all(fd, &client_flags, sizeof client_flags) == -1)
		return -1;
	do
		r = answer_option(fd);
	while (r == 1);
	return r;
}

static void client_close(struct client *client)
{
	close(client->fd);
	free(client);
}

static void accept_client(int listener)
{
	struct client *client = calloc(1, sizeof *client);
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
	int on = 1;

	if (client == NULL)
		return;
	client->fd = accept(listener, NULL, NULL);
	if (client->fd == -1) {
		free(client);
		return;
	}
	setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (handshake(client->fd) == -1 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, client->fd, &event) == -1)
		client_close(client);
}

/* 0, or -1 when the connection is dead. */
static int client_send(struct client *client)
{
	while (client->first_iov < client->iovs) {
		struct iovec *iov = client->iov + client->first_iov;
		struct msghdr message = {.msg_iov = iov, .msg_iovlen = client->iovs - client->first_iov};
		ssize_t n = sendmsg(client->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
		size_t sent = (size_t)n;

		if (n == -1)
			return errno == EAGAIN ? 0 : -1;
		for (; client->first_iov < client->iovs && sent >= iov->iov_len; iov++) {
			sent -= iov->iov_len;
			client->first_iov++;
		}
		if (client->first_iov < client->iovs) {
			iov->iov_base = (uint8_t *)iov->iov_base + sent;
			iov->iov_len -= sent;
		}
	}
	client->replies = client->iovs = client->first_iov = 0;
	return 0;
}

static void client_reply(struct client *client, uint64_t cookie, uint32_t error, uint8_t *data, size_t bytes)
{
	struct nbd_reply *reply = &client->reply[client->replies++];

	reply->magic = htobe32(NBD_REPLY_MAGIC);
	reply->error = htobe32(error);
	reply->cookie = cookie;
	client->iov[client->iovs++] = (struct iovec){reply, sizeof *reply};
	if (bytes > 0)
		client->iov[client->iovs++] = (struct iovec){data, bytes};
}

static void client_payload(struct client *client)
{
	size_t n = client->end - client->begin;

	if (n > client->payload_left)
		n = client->payload_left;
	if (client->target != NULL) {
		memcpy(client->target, client->received + client->begin, n);
		client->target += n;
	}
	client->begin += n;
	client->payload_left -= n;
	if (client->payload_left == 0) {
		client->writing = false;
		client_reply(client, client->cookie, client->target == NULL ? NBD_EINVAL : 0, NULL, 0);
	}
}

static int client_request(struct client *client)
{
	const struct nbd_request *request = (const void *)(client->received + client->begin);
	uint64_t offset = be64toh(request->offset);
	uint32_t length = be32toh(request->length);
	unsigned type = be16toh(request->type);
	bool inside = offset <= memory_bytes && length <= memory_bytes - offset && length > 0;

	if (be32toh(request->magic) != NBD_REQUEST_MAGIC || type == NBD_CMD_DISC)
		return -1;
	client->begin += sizeof *request;
	if (type == NBD_CMD_WRITE) {
		client->writing = true;
		client->target = inside ? memory + offset : NULL;
		client->payload_left = length;
		client->cookie = request->cookie;
	} else if (type == NBD_CMD_READ && inside) {
		client_reply(client, request->cookie, 0, memory + offset, length);
	} else {
		client_reply(client, request->cookie, NBD_EINVAL, NULL, 0);
	}
	return 0;
}

/* Uses up what was received. 1 when the batch is full before that, 0, or -1
 * when the client is done. */
static int client_parse(struct client *client)
{
	for (;;) {
		size_t bytes = client->end - client->begin;

		if (client->replies == BATCH)
			return 1;
		if (client->writing && (bytes > 0 || client->payload_left == 0)) {
			client_payload(client);
			continue;
		}
		if (client->writing || bytes < sizeof(struct nbd_request))
			return 0;
		if (client_request(client) == -1)
			return -1;
	}
}

static int client_receive(struct client *client)
{
	ssize_t n;

	memmove(client->received, client->received + client->begin, client->end - client->begin);
	client->end -= client->begin;
	client->begin = 0;
	n = recv(client->fd, client->received + client->end, RECEIVE_BYTES - client->end, MSG_DONTWAIT);
	if (n == -1)
		return errno == EAGAIN ? 0 : -1;
	client->end += (size_t)n;
	return n > 0 ? 0 : -1;
}

static int client_wait_for(struct client *client, bool blocked)
{
	struct epoll_event event = {.events = blocked ? EPOLLOUT : EPOLLIN, .data.ptr = client};

	if (client->blocked == blocked)
		return 0;
	client->blocked = blocked;
	return epoll_ctl(epoll_fd, EPOLL_CTL_MOD, client->fd, &event);
}

/* The socket is ready for what the client waits for. 0, or -1: close it. */
static int client_ready(struct client *client)
{
	int more;

	if (!client->blocked && client_receive(client) == -1)
		return -1;
	do {
		more = client_parse(client);
		if (more == -1 || client_send(client) == -1)
			return -1;
	} while (more && client->iovs == 0);
	return client_wait_for(client, client->iovs > 0);
}

static int listen_on(const char *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct epoll_event event = {.events = EPOLLIN};
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	address.sin_port = htons((uint16_t)atoi(port));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (fd == -1 || bind(fd, (struct sockaddr *)&address, sizeof address) == -1 || listen(fd, 16) == -1)
		return -1;
	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == -1 ? -1 : fd;
}

int main(int argc, char **argv)
{
	struct epoll_event event[64];
	int listener;

	if (argc != 3 || atoi(argv[1]) <= 0 || atoi(argv[1]) > 65535 || atoll(argv[2]) <= 0) {
		fputs("usage: epollfloor PORT BYTES\n", stderr);
		return 2;
	}
	memory_bytes = strtoull(argv[2], NULL, 10);
	memory = mmap(NULL, memory_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	listener = epoll_fd == -1 || memory == MAP_FAILED ? -1 : listen_on(argv[1]);
	if (listener == -1) {
		perror("epollfloor");
		return 1;
	}
	for (;;) {
		int n = epoll_wait(epoll_fd, event, 64, -1);

		for (int i = 0; i < n; i++) {
			if (event[i].data.ptr == NULL)
				accept_client(listener);
			else if (client_ready(event[i].data.ptr) == -1)
				client_close(event[i].data.ptr);
		}
	}
}
