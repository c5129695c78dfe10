/* SPDX-License-Identifier: BSD-2-Clause */
/* A ublk device's life at the kernel: added, started, stopped, deleted.
 *
 * Adding takes a moment. The others are errands, a thread each, while the loop goes on: to start a device the kernel
 * reads it, and to stop it, it waits until what is out has been answered. */
#ifndef FARPAGE_UBLK_DEVICE_H
#define FARPAGE_UBLK_DEVICE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "ublk_cmd.h"
#include "words.h"

enum ublk_errand { UBLK_PROBE, UBLK_ADD, UBLK_START, UBLK_STOP, UBLK_DELETE };

struct ublk_device {
	struct ublksrv_ctrl_dev_info info;
	struct ublk_params params;
	int done;              /* readable when the errand is */

	enum ublk_errand errand;
	bool runs;
	pthread_t thread;
	int result;            /* these two are the thread's until then */
	char words[WORDS_MAX];
};

/* Does the kernel take commands, and those that are needed? -1 with words. */
int ublk_device_probe(char words[static WORDS_MAX]);
/* NUMBER -1: a free one. NULL with words. */
struct ublk_device *ublk_device_add(int number, unsigned depth, unsigned most_pages, uint64_t pages,
                                    char words[static WORDS_MAX]);
/* Begin an errand; only one at a time. -1 with words. */
int ublk_device_begin(struct ublk_device *, enum ublk_errand, char words[static WORDS_MAX]);
/* Wait for its end. -1 with words. */
int ublk_device_await(struct ublk_device *, char words[static WORDS_MAX]);
/* An errand that still runs is left alone, and takes its memory along. The device stays if it was not deleted. */
void ublk_device_free(struct ublk_device *);

#endif
