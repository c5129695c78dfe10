/* SPDX-License-Identifier: BSD-2-Clause */
/* nbdkit passfloor port=PORT [export=NAME]: the least an nbdkit plugin before an NBD
 * server on loopback can be, for comparison only, at depth 1. It sends each request and
 * waits for its reply in the same thread, under one lock: no copies, no seal, no
 * deadline, and an error ends the process. What a borrower adds costs the rest. */
#define NBDKIT_API_VERSION 2
#include <nbdkit-plugin.h>

#include <endian.h>
#include <libnbd.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "nbdwire.h"

#define THREAD_MODEL NBDKIT_THREAD_MODEL_PARALLEL

static const char *port, *export = "";
static int64_t size;
static int fd;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int config(const char *key, const char *value)
{
	if (strcmp(key, "port") == 0) {
		port = value;
	} else if (strcmp(key, "export") == 0) {
		export = value;
	} else {
		nbdkit_error("%s= is none of port=, export=", key);
		return -1;
	}
	return 0;
}

static int config_complete(void)
{
	if (port)
		return 0;
	nbdkit_error("port= is missing");
	return -1;
}

static int after_fork(void)
{
	struct nbd_handle *nbd = nbd_create();

	if (!nbd || nbd_set_export_name(nbd, export) < 0 ||
	    nbd_set_request_structured_replies(nbd, false) < 0 ||
	    nbd_connect_tcp(nbd, "127.0.0.1", port) < 0) {
		nbdkit_error("%s", nbd_get_error());
		return -1;
	}
	fd = nbd_aio_get_fd(nbd);
	size = nbd_get_size(nbd);
	return 0;
}

static void *open_device(int readonly)
{
	(void)readonly;
	return NBDKIT_HANDLE_NOT_NEEDED;
}

static int64_t get_size(void *handle)
{
	(void)handle;
	return size;
}

/* Until all of V has come; the socket is not blocking, libnbd made it so. */
static void receive(struct iovec *v, int n)
{
	while (n) {
		struct msghdr m = { .msg_iov = v, .msg_iovlen = (size_t)n };
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t came;

		if (poll(&p, 1, -1) < 0 || (came = recvmsg(fd, &m, 0)) <= 0)
			abort();
		for (size_t left = (size_t)came; left;) {
			size_t some = left < v->iov_len ? left : v->iov_len;

			v->iov_base = (uint8_t *)v->iov_base + some;
			v->iov_len -= some;
			left -= some;
			if (!v->iov_len)
				v++, n--;
		}
	}
}

/* MORE is sent behind the request, or received behind the reply. */
static int pass(uint16_t type, void *more, uint32_t bytes, uint64_t offset)
{
	struct nbd_request request = {
		.magic = htobe32(NBD_REQUEST_MAGIC),
		.type = htobe16(type),
		.offset = htobe64(offset),
		.length = htobe32(bytes),
	};
	struct nbd_reply reply;
	struct iovec out[] = { { &request, sizeof request }, { more, bytes } };
	struct iovec in[] = { { &reply, sizeof reply }, { more, bytes } };
	struct msghdr m = { .msg_iov = out, .msg_iovlen = type == NBD_CMD_WRITE ? 2 : 1 };
	ssize_t whole = (ssize_t)(sizeof request + (type == NBD_CMD_WRITE ? bytes : 0));

	pthread_mutex_lock(&lock);
	if (sendmsg(fd, &m, MSG_NOSIGNAL) != whole)
		abort();
	receive(in, type == NBD_CMD_READ ? 2 : 1);
	pthread_mutex_unlock(&lock);
	if (reply.error)
		abort();
	return 0;
}

static int get(void *handle, void *data, uint32_t bytes, uint64_t offset, uint32_t flags)
{
	(void)handle, (void)flags;
	return pass(NBD_CMD_READ, data, bytes, offset);
}

static int put(void *handle, const void *data, uint32_t bytes, uint64_t offset, uint32_t flags)
{
	(void)handle, (void)flags;
	return pass(NBD_CMD_WRITE, (void *)data, bytes, offset);
}

static struct nbdkit_plugin plugin = {
	.name = "passfloor",
	.config = config,
	.config_complete = config_complete,
	.after_fork = after_fork,
	.open = open_device,
	.get_size = get_size,
	.pread = get,
	.pwrite = put,
};

/* What nbdkit's macro defines. */
struct nbdkit_plugin *plugin_init(void);

NBDKIT_REGISTER_PLUGIN(plugin)
