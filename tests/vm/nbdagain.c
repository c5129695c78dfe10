/* SPDX-License-Identifier: BSD-2-Clause */
/* nbdagain INDEX ADDRESS PORT EXPORT: connects /dev/nbdINDEX again whenever its connection died.
 *
 * The device was attached by netlink (nbd-client's way). From the start, requests wait for up to
 * DEAD_CONN_SECONDS when there is no connection, instead of failing; and when the kernel says that
 * the link is dead, it is handed a new socket, on which EXPORT was opened (NBD_CMD_RECONFIGURE).
 * Everything is locked in memory: it works while the host swaps onto that device. */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/nbd-netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { DEAD_CONN_SECONDS = 120, RETRY_MS = 50 };
#define OPTION_MAGIC UINT64_C(0x49484156454f5054) /* "IHAVEOPT" */

struct message {
	struct nlmsghdr head;
	struct genlmsghdr genl;
	char room[512];
};

static size_t aligned(size_t n) { return (n + 3) & ~(size_t)3; }

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "nbdagain: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void say(const char *words)
{
	printf("nbdagain: %s\n", words);
	fflush(stdout);
}

/* An attribute at the message's end; with NULL for DATA one that others are put into. */
static struct nlattr *put(struct message *m, unsigned type, const void *data, size_t bytes)
{
	struct nlattr *a = (struct nlattr *)((char *)m + m->head.nlmsg_len);

	a->nla_type = (uint16_t)(data ? type : type | 0x8000);
	a->nla_len = (uint16_t)(sizeof *a + bytes);
	if (data)
		memcpy(a + 1, data, bytes);
	m->head.nlmsg_len += (uint32_t)aligned(a->nla_len);
	return a;
}

static void put_end(struct message *m, struct nlattr *nest)
{
	nest->nla_len = (uint16_t)((char *)m + m->head.nlmsg_len - (char *)nest);
}

static struct message begin(unsigned family, unsigned command)
{
	struct message m = {
		.head = {.nlmsg_len = offsetof(struct message, room), .nlmsg_type = (uint16_t)family,
		         .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
		.genl = {.cmd = (uint8_t)command, .version = 1},
	};
	return m;
}

/* What the kernel answers first: the answer to a question, or an acknowledgement. */
static int ask(int nl, struct message *m, char *answer, size_t room)
{
	if (send(nl, m, m->head.nlmsg_len, 0) < 0)
		return -1;
	ssize_t n = recv(nl, answer, room, 0);
	struct nlmsghdr *head = (struct nlmsghdr *)answer;

	if (n < (ssize_t)sizeof *head)
		return -1;
	if (head->nlmsg_type == NLMSG_ERROR) {
		errno = -((struct nlmsgerr *)(head + 1))->error;
		return errno ? -1 : 0;
	}
	return (int)n;
}

static struct nlattr *find(void *from, size_t bytes, unsigned type)
{
	for (char *at = from, *end = at + bytes; at + sizeof(struct nlattr) <= end;) {
		struct nlattr *a = (struct nlattr *)at;

		if ((a->nla_type & 0x3fff) == type)
			return a;
		at += aligned(a->nla_len);
	}
	errno = ENOENT;
	die("the nbd module's netlink family");
}

static void *inside(struct nlattr *a) { return a + 1; }
static size_t inner(struct nlattr *a) { return a->nla_len - sizeof *a; }

/* The family's id, and in GROUP that of its one multicast group. */
static unsigned family(int nl, unsigned *group)
{
	_Alignas(8) static char answer[8192];
	struct message m = begin(GENL_ID_CTRL, CTRL_CMD_GETFAMILY);

	m.head.nlmsg_flags = NLM_F_REQUEST;
	put(&m, CTRL_ATTR_FAMILY_NAME, NBD_GENL_FAMILY_NAME, sizeof NBD_GENL_FAMILY_NAME);
	int n = ask(nl, &m, answer, sizeof answer);
	if (n <= 0)
		die("the nbd module's netlink family");
	char *attributes = answer + offsetof(struct message, room);
	size_t bytes = (size_t)n - offsetof(struct message, room);
	struct nlattr *first = inside(find(attributes, bytes, CTRL_ATTR_MCAST_GROUPS));

	*group = *(uint32_t *)inside(find(inside(first), inner(first), CTRL_ATTR_MCAST_GRP_ID));
	return *(uint16_t *)inside(find(attributes, bytes, CTRL_ATTR_FAMILY_ID));
}

/* Without FD only says how long requests wait. */
static int reconfigure(int nl, unsigned id, uint32_t index, uint32_t fd)
{
	struct message m = begin(id, NBD_CMD_RECONFIGURE);
	uint64_t seconds = DEAD_CONN_SECONDS;
	_Alignas(8) char answer[1024];

	put(&m, NBD_ATTR_INDEX, &index, sizeof index);
	put(&m, NBD_ATTR_DEAD_CONN_TIMEOUT, &seconds, sizeof seconds);
	if (fd) {
		struct nlattr *sockets = put(&m, NBD_ATTR_SOCKETS, NULL, 0);
		struct nlattr *item = put(&m, NBD_SOCK_ITEM, NULL, 0);
		put(&m, NBD_SOCK_FD, &fd, sizeof fd);
		put_end(&m, item);
		put_end(&m, sockets);
	}
	return ask(nl, &m, answer, sizeof answer);
}

static int take(int fd, void *to, size_t bytes)
{
	return recv(fd, to, bytes, MSG_WAITALL) == (ssize_t)bytes ? 0 : -1;
}

/* The oldest and shortest of NBD's handshakes. */
static int open_export(int fd, const char *name)
{
	size_t n = strlen(name);
	struct {
		uint64_t magic, option_magic;
		uint16_t flags;
	} __attribute__((packed)) hello;
	struct {
		uint32_t flags;
		uint64_t magic;
		uint32_t option, bytes;
		char name[256];
	} __attribute__((packed)) want = {
		.flags = htobe32(3), .magic = htobe64(OPTION_MAGIC), .option = htobe32(1),
		.bytes = htobe32((uint32_t)n)};
	struct {
		uint64_t size;
		uint16_t flags;
	} __attribute__((packed)) got;

	memcpy(want.name, name, n);
	if (take(fd, &hello, sizeof hello) < 0 || send(fd, &want, 20 + n, 0) < 0)
		return -1;
	return take(fd, &got, sizeof got);
}

static int dial(const struct sockaddr_in *to, const char *export)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	if (connect(fd, (const struct sockaddr *)to, sizeof *to) == 0 && open_export(fd, export) == 0)
		return fd;
	close(fd);
	return -1;
}

static int netlink(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

	if (fd < 0 || bind(fd, (struct sockaddr *)&(struct sockaddr_nl){.nl_family = AF_NETLINK},
	                   sizeof(struct sockaddr_nl)) < 0)
		die("netlink");
	return fd;
}

/* Each time that the link is dead. */
static _Noreturn void watch(int events, int nl, unsigned id, uint32_t index,
                            const struct sockaddr_in *to, const char *export)
{
	_Alignas(8) char event[4096];

	while (recv(events, event, sizeof event, 0) > 0) {
		if (((struct message *)event)->genl.cmd != NBD_CMD_LINK_DEAD)
			continue;
		int fd;
		while ((fd = dial(to, export)) < 0)
			nanosleep(&(struct timespec){.tv_nsec = RETRY_MS * 1000000}, NULL);
		if (reconfigure(nl, id, index, (uint32_t)fd) < 0)
			die("reconfiguring");
		close(fd);
		say("connected again");
	}
	die("the kernel's messages");
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	unsigned group;

	if (argc != 5 || strlen(argv[4]) > 255 || inet_pton(AF_INET, argv[2], &to.sin_addr) != 1) {
		fputs("nbdagain INDEX ADDRESS PORT EXPORT\n", stderr);
		return 2;
	}
	to.sin_port = htons((uint16_t)atoi(argv[3]));
	uint32_t index = (uint32_t)atoi(argv[1]);
	int nl = netlink(), events = netlink();
	unsigned id = family(nl, &group);

	if (setsockopt(events, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0)
		die("the multicast group");
	if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0 || prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0) < 0)
		die("locking memory");
	if (reconfigure(nl, id, index, 0) < 0)
		die("the time that requests wait");
	say("ready");
	watch(events, nl, id, index, &to, argv[4]);
}
