/* SPDX-License-Identifier: BSD-2-Clause */
/* A page: page N is at byte N * PAGE_BYTES. */
#ifndef FARPAGE_PAGE_H
#define FARPAGE_PAGE_H

#define PAGE_BYTES 4096u
#define PAGE_SHIFT 12

_Static_assert(PAGE_BYTES == 1u << PAGE_SHIFT, "the shift is the size's");

#endif
