/* SPDX-License-Identifier: BSD-2-Clause */
#include "standard.h"

#include <fcntl.h>
#include <unistd.h>

int standard_fill(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		int null = open("/dev/null", O_RDWR);
		if (null < 0)
			return -1;
		if (null > STDERR_FILENO) /* another thread was faster */
			close(null);
	}
	return 0;
}
