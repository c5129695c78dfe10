/* SPDX-License-Identifier: BSD-2-Clause */
#include "secret.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

void secret_random(void *p, size_t n)
{
	while (getrandom(p, n, 0) != (ssize_t)n)
		if (errno != EINTR)
			abort(); /* no kernel that can run us lacks it */
}

bool secret_same(const void *a, const void *b, size_t n)
{
	const volatile uint8_t *x = a, *y = b;
	uint8_t differing = 0;

	for (size_t i = 0; i < n; i++)
		differing |= x[i] ^ y[i];
	return differing == 0;
}
