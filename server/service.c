/* SPDX-License-Identifier: BSD-2-Clause */
/* The service manager, when it is systemd. */
#include "service.h"

#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "log.h"

int service_take_fds(int (*take)(void *data, int fd, const char *name), void *data)
{
	char **names = NULL;
	int n = sd_listen_fds_with_names(1, &names), r = n;

	if (n < 0)
		log_line(LOG_ERROR, "cannot take what the service manager hands over: %s",
		         strerror(-n));
	for (int i = 0; i < n; i++) {
		if (r >= 0 && take(data, SD_LISTEN_FDS_START + i, names[i]) < 0)
			r = -1;
		free(names[i]);
	}
	free(names);
	return r < 0 ? -1 : r;
}
