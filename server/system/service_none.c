/* SPDX-License-Identifier: BSD-2-Clause */
/* There is no service manager: built without libsystemd. */
#include "service.h"

int service_take_fds(int (*take)(void *data, int fd, const char *name), void *data)
{
	(void)take, (void)data;
	return 0;
}

bool service_keeps(void)
{
	return false;
}

int service_store(const char *name, int fd)
{
	(void)name, (void)fd;
	return 0;
}

void service_unstore(const char *name)
{
	(void)name;
}

void service_ready(struct service *s, struct loops *loops, service_describe *describe, void *data)
{
	(void)s, (void)loops, (void)describe, (void)data;
}

void service_reloading(void)
{
}

void service_reloaded(struct service *s, const char *why)
{
	(void)s, (void)why;
}

void service_stopping(struct service *s)
{
	(void)s;
}
