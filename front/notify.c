/* SPDX-License-Identifier: BSD-2-Clause */
#include "notify.h"

#include <inttypes.h>
#include <systemd/sd-daemon.h>

void notify_ready(const char *where, uint64_t bytes)
{
	sd_notifyf(0, "READY=1\nSTATUS=%s, %" PRIu64 " MiB", where, bytes >> 20);
}

void notify_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}
