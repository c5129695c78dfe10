/* SPDX-License-Identifier: BSD-2-Clause */
/* Warnings for the user, one line each; never waits. */
#ifndef FARPAGE_WARN_H
#define FARPAGE_WARN_H

#include "lines.h"

#define WARNING   "farpage: warning: "
#define warn(...) lines_put(WARNING __VA_ARGS__) /* as printf: the format is a literal */

#endif
