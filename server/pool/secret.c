/* SPDX-License-Identifier: BSD-2-Clause */
#include "secret.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void secret_random(void *p, size_t n)
{
	while (getrandom(p, n, 0) != (ssize_t)n)
		if (errno != EINTR)
			abort(); /* no kernel that can run us lacks it */
}

void secret_id(char id[static SECRET_ID_MAX])
{
	uint64_t n[2];

	secret_random(n, sizeof n);
	snprintf(id, SECRET_ID_MAX, "%016" PRIx64 "%016" PRIx64, n[0], n[1]);
}

bool secret_same(const void *a, const void *b, size_t n)
{
	const volatile uint8_t *x = a, *y = b;
	uint8_t differing = 0;

	for (size_t i = 0; i < n; i++)
		differing |= x[i] ^ y[i];
	return differing == 0;
}
