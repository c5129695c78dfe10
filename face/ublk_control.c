/* SPDX-License-Identifier: BSD-2-Clause */
#include "ublk_control.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "ublk_cmd.h"

#define CONTROL "/dev/ublk-control"
#define MODULE "ublk_drv"
#define STACK_BYTES (128 << 10)

static int sysctl_value(const char *path)
{
	FILE *f = fopen(path, "re");
	int value = -1;

	if (f) {
		if (fscanf(f, "%d", &value) != 1)
			value = -1;
		fclose(f);
	}
	return value;
}

void ublk_no_ring(int error, char words[static WORDS_MAX])
{
	if (error == EPERM && sysctl_value("/proc/sys/kernel/io_uring_disabled") > 0)
		words_print(words, "ublk: this host has io_uring disabled: sysctl kernel.io_uring_disabled=0");
	else if (error == EPERM)
		words_print(words, "ublk: this process may not use io_uring: a filter of system calls forbids it");
	else if (error == ENOSYS)
		words_print(words, "ublk: this kernel has no io_uring");
	else if (error == EINVAL)
		words_print(words, "ublk: this kernel is too old: io_uring with deferred task work came with 6.1");
	else
		words_print(words, "ublk: cannot make a ring: %s", strerror(error));
}

enum module { MODULE_LOADED, MODULE_THERE, MODULE_MISSING, MODULE_UNKNOWN };

static enum module find_module(void)
{
	char line[1024];
	struct utsname host;
	bool found = false;
	FILE *f;

	if (access("/sys/module/" MODULE, F_OK) == 0)
		return MODULE_LOADED;
	uname(&host);
	snprintf(line, sizeof line, "/lib/modules/%s/modules.dep", host.release);
	f = fopen(line, "re");
	if (!f)
		return MODULE_UNKNOWN;
	while (!found && fgets(line, sizeof line, f))
		found = strstr(line, "/" MODULE ".ko");
	fclose(f);
	return found ? MODULE_THERE : MODULE_MISSING;
}

static void no_control(int error, char words[static WORDS_MAX])
{
	static const char *const ways_out[] = {
		[MODULE_LOADED] = MODULE " is loaded, but this process has a /dev of its own: give it that device",
		[MODULE_THERE] = "modprobe " MODULE,
		[MODULE_MISSING] = "this kernel has no " MODULE " (Debian's have it since 6.12): take --face nbd, or a kernel "
		                   "that has it",
		[MODULE_UNKNOWN] = "modprobe " MODULE ", if this kernel has it (Debian's since 6.12)",
	};

	if (error == ENOENT || error == ENODEV || error == ENXIO)
		words_print(words, "ublk: there is no %s: %s", CONTROL, ways_out[find_module()]);
	else if (error == EACCES || error == EPERM)
		words_print(words, "ublk: this process may not open %s: only root may", CONTROL);
	else
		words_print(words, "ublk: cannot open %s: %s", CONTROL, strerror(error));
}

int ublk_control_open(struct ublk_control *c, char words[static WORDS_MAX])
{
	int error;

	c->fd = open(CONTROL, O_RDWR | O_CLOEXEC);
	if (c->fd < 0) {
		no_control(errno, words);
		return -1;
	}
	error = -io_uring_queue_init(4, &c->ring, IORING_SETUP_SQE128);
	if (error) {
		ublk_no_ring(error, words);
		close(c->fd);
		return -1;
	}
	return 0;
}

void ublk_control_close(struct ublk_control *c)
{
	io_uring_queue_exit(&c->ring);
	close(c->fd);
}

int ublk_control(struct ublk_control *c, unsigned command, uint32_t device, void *buffer, uint16_t len,
                 uint64_t value, unsigned seconds)
{
	struct __kernel_timespec patience = { .tv_sec = seconds ? seconds : INT_MAX };
	struct io_uring_sqe *sqe = io_uring_get_sqe(&c->ring);
	struct ublksrv_ctrl_cmd cmd = {
		.dev_id = device,
		.queue_id = UINT16_MAX,
		.len = len,
		.addr = (uintptr_t)buffer,
		.data = { value },
	};
	struct io_uring_cqe *cqe;
	int result;

	if (!sqe)
		return -EBUSY;
	memset(sqe, 0, 128);
	io_uring_prep_rw(IORING_OP_URING_CMD, sqe, c->fd, NULL, 0, 0);
	sqe->cmd_op = command;
	memcpy(sqe->cmd, &cmd, sizeof cmd);
	result = io_uring_submit(&c->ring);
	if (result < 0)
		return result;
	do
		result = io_uring_wait_cqe_timeout(&c->ring, &cqe, &patience);
	while (result == -EINTR);
	if (result)
		return result;
	result = cqe->res;
	io_uring_cqe_seen(&c->ring, cqe);
	return result;
}

int ublk_thread(pthread_t *thread, void *(*work)(void *), void *data)
{
	sigset_t all, before;
	pthread_attr_t attr;
	int error;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(thread, &attr, work, data);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return error;
}
