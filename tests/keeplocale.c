/* SPDX-License-Identifier: BSD-2-Clause */
/* Preloaded, together with ASan's runtime, into an nbdkit that has a plugin
 * built with ASan: there libc's lock of the locale is off by one from the start,
 * and freelocale(), which p11-kit calls when the program ends, waits for ever. */
#include <locale.h>

void freelocale(locale_t locale)
{
	(void)locale;
}
