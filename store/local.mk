# SPDX-License-Identifier: BSD-2-Clause
# The page store: pages of memory that can be kept, and found again by another process.
noinst_LTLIBRARIES += store/libstore.la
store_libstore_la_SOURCES = \
	store/adopt.c \
	store/bitmap.h \
	store/flat.c \
	store/flat.h \
	store/flat_map.c \
	store/store.h
store_libstore_la_CPPFLAGS = $(see_store)
store_libstore_la_LIBADD = common/libcommon.la
