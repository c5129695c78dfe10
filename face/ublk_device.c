/* SPDX-License-Identifier: BSD-2-Clause */
#include "ublk_device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "page.h"
#include "ublk_control.h"

#define DELETE_SECONDS 5

/* What one discard may cover: as much as the kernel's 32 bits of bytes allow. */
#define FLUSH_SECTORS ((UINT32_MAX - PAGE_BYTES + 1) >> 9)

static void set_shape(struct ublk_device *d, int number, unsigned depth, unsigned most_pages, uint64_t pages)
{
	const unsigned sectors = PAGE_BYTES >> 9;

	d->info = (struct ublksrv_ctrl_dev_info){
		.nr_hw_queues = 1,
		.queue_depth = (uint16_t)depth,
		.max_io_buf_bytes = most_pages * PAGE_BYTES,
		.dev_id = number < 0 ? UBLK_ANY_DEVICE : (uint32_t)number,
	};
	d->params = (struct ublk_params){
		.len = sizeof d->params,
		.types = UBLK_PARAM_TYPE_BASIC | UBLK_PARAM_TYPE_DISCARD,
		.basic = {
			.logical_bs_shift = PAGE_SHIFT,
			.physical_bs_shift = PAGE_SHIFT,
			.io_opt_shift = PAGE_SHIFT,
			.io_min_shift = PAGE_SHIFT,
			.max_sectors = most_pages * sectors,
			.dev_sectors = pages * sectors,
		},
		.discard = {
			.discard_granularity = PAGE_BYTES,
			.max_discard_sectors = FLUSH_SECTORS,
			.max_write_zeroes_sectors = FLUSH_SECTORS,
			.max_discard_segments = 1,
		},
	};
}

/* ---- in the errand's thread ---- */

static void add_failed(struct ublk_device *d, int error)
{
	if (error == EEXIST)
		words_print(d->words, "ublk: there is a device %u already: take another number, or none", d->info.dev_id);
	else if (error == EACCES || error == EPERM)
		words_print(d->words, "ublk: this process may not add a device: it needs CAP_SYS_ADMIN");
	else
		words_print(d->words, "ublk: cannot add a device: %s", strerror(error));
}

/* A server that was killed leaves the number taken, by a device that is dead and that nobody holds. */
static bool is_left_behind(const struct ublk_device *d, struct ublk_control *c)
{
	struct ublksrv_ctrl_dev_info other = { 0 };
	char path[32];
	int fd;

	if (ublk_control(c, UBLK_U_CMD_GET_DEV_INFO, d->info.dev_id, &other, sizeof other, 0, 0) < 0 ||
	    other.state != UBLK_S_DEV_DEAD)
		return false;
	snprintf(path, sizeof path, "/dev/ublkc%u", d->info.dev_id);
	fd = open(path, O_RDWR | O_CLOEXEC); /* by one process at a time */
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int take_number(struct ublk_device *d, struct ublk_control *c)
{
	int result = ublk_control(c, UBLK_U_CMD_ADD_DEV, d->info.dev_id, &d->info, sizeof d->info, 0, 0);

	if (result != -EEXIST || !is_left_behind(d, c))
		return result;
	ublk_control(c, UBLK_U_CMD_DEL_DEV, d->info.dev_id, NULL, 0, 0, DELETE_SECONDS);
	return ublk_control(c, UBLK_U_CMD_ADD_DEV, d->info.dev_id, &d->info, sizeof d->info, 0, 0);
}

static int probe(struct ublk_device *d, struct ublk_control *c)
{
	uint64_t features = 0;
	int result = ublk_control(c, UBLK_U_CMD_GET_FEATURES, UBLK_ANY_DEVICE, &features, sizeof features, 0, 0);

	if (result >= 0 && features & UBLK_F_CMD_IOCTL_ENCODE)
		return 0;
	words_print(d->words, "ublk: this kernel's is too old: 6.5 or newer is needed");
	return -ENOTSUP;
}

static int add(struct ublk_device *d, struct ublk_control *c)
{
	unsigned depth = d->info.queue_depth;
	int result = probe(d, c);

	if (result < 0)
		return result;
	result = take_number(d, c);
	if (result < 0) {
		add_failed(d, -result);
		return result;
	}
	result = ublk_control(c, UBLK_U_CMD_SET_PARAMS, d->info.dev_id, &d->params, sizeof d->params, 0, 0);
	if (result < 0 || d->info.queue_depth != depth) {
		words_print(d->words, "ublk: the kernel refuses a device of this shape: %s",
		            result < 0 ? strerror(-result) : "it is too deep");
		ublk_control(c, UBLK_U_CMD_DEL_DEV, d->info.dev_id, NULL, 0, 0, DELETE_SECONDS);
		return -EINVAL;
	}
	return 0;
}

/* There is no head to be moved: a scheduler would only hold requests back. The kernel gives one to every device with
 * a single queue, where it has one; here, because the queue must run dry before, which takes the loop. */
static void drop_scheduler(const struct ublk_device *d)
{
	char path[64];
	int fd;

	snprintf(path, sizeof path, "/sys/block/ublkb%u/queue/scheduler", d->info.dev_id);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)!write(fd, "none", 4);
	close(fd);
}

static int start(struct ublk_device *d, struct ublk_control *c)
{
	int result = ublk_control(c, UBLK_U_CMD_START_DEV, d->info.dev_id, NULL, 0, (uint64_t)getpid(), 0);

	if (result < 0)
		words_print(d->words, "ublk: cannot start /dev/ublkb%u: %s", d->info.dev_id, strerror(-result));
	else
		drop_scheduler(d);
	return result;
}

static int stop(struct ublk_device *d, struct ublk_control *c)
{
	int result = ublk_control(c, UBLK_U_CMD_STOP_DEV, d->info.dev_id, NULL, 0, 0, 0);

	if (result < 0 && result != -ENODEV)
		words_print(d->words, "ublk: cannot stop /dev/ublkb%u: %s", d->info.dev_id, strerror(-result));
	return result == -ENODEV ? 0 : result;
}

static int delete(struct ublk_device *d, struct ublk_control *c)
{
	int result = ublk_control(c, UBLK_U_CMD_DEL_DEV, d->info.dev_id, NULL, 0, 0, DELETE_SECONDS);

	if (result == -ETIME)
		words_print(d->words, "ublk: number %u stays taken until the last process that has /dev/ublkb%u open "
		            "closes it", d->info.dev_id, d->info.dev_id);
	else if (result < 0 && result != -ENODEV)
		words_print(d->words, "ublk: cannot delete /dev/ublkb%u: %s", d->info.dev_id, strerror(-result));
	return result == -ENODEV ? 0 : result;
}

static void *run(void *data)
{
	static int (*const errands[])(struct ublk_device *, struct ublk_control *) = {
		[UBLK_PROBE] = probe,
		[UBLK_ADD] = add,
		[UBLK_START] = start,
		[UBLK_STOP] = stop,
		[UBLK_DELETE] = delete,
	};
	struct ublk_device *d = data;
	struct ublk_control c;
	uint64_t one = 1;

	d->result = ublk_control_open(&c, d->words);
	if (d->result == 0) {
		d->result = errands[d->errand](d, &c);
		ublk_control_close(&c);
	}
	(void)!write(d->done, &one, sizeof one);
	return NULL;
}

/* ---- in the loop's ---- */

int ublk_device_begin(struct ublk_device *d, enum ublk_errand errand, char words[static WORDS_MAX])
{
	int error;

	d->errand = errand;
	error = ublk_thread(&d->thread, run, d);
	d->runs = !error;
	if (!error)
		return 0;
	words_print(words, "ublk: cannot make a thread: %s", strerror(error));
	return -1;
}

int ublk_device_await(struct ublk_device *d, char words[static WORDS_MAX])
{
	uint64_t n;

	pthread_join(d->thread, NULL);
	d->runs = false;
	(void)!read(d->done, &n, sizeof n);
	if (d->result >= 0)
		return 0;
	words_print(words, "%s", d->words);
	return -1;
}

static struct ublk_device *make(char words[static WORDS_MAX])
{
	struct ublk_device *d = calloc(1, sizeof *d);

	if (!d) {
		words_print(words, "ublk: no memory");
		return NULL;
	}
	d->done = eventfd(0, EFD_CLOEXEC);
	if (d->done >= 0)
		return d;
	words_print(words, "ublk: cannot make a descriptor: %s", strerror(errno));
	free(d);
	return NULL;
}

static int carry_out(struct ublk_device *d, enum ublk_errand errand, char words[static WORDS_MAX])
{
	return ublk_device_begin(d, errand, words) || ublk_device_await(d, words) ? -1 : 0;
}

int ublk_device_probe(char words[static WORDS_MAX])
{
	struct ublk_device *d = make(words);
	int r = d ? carry_out(d, UBLK_PROBE, words) : -1;

	ublk_device_free(d);
	return r;
}

struct ublk_device *ublk_device_add(int number, unsigned depth, unsigned most_pages, uint64_t pages,
                                    char words[static WORDS_MAX])
{
	struct ublk_device *d = make(words);

	if (!d)
		return NULL;
	set_shape(d, number, depth, most_pages, pages);
	if (carry_out(d, UBLK_ADD, words) == 0)
		return d;
	ublk_device_free(d);
	return NULL;
}

void ublk_device_free(struct ublk_device *d)
{
	if (!d)
		return;
	if (d->runs) {
		pthread_detach(d->thread);
		return;
	}
	if (d->done >= 0)
		close(d->done);
	free(d);
}
