/* SPDX-License-Identifier: BSD-2-Clause */
/* Built without xxHash. */
#include "seal_ops.h"

const struct seal_ops seal_check = { .name = NULL };
