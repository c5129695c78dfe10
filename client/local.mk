# SPDX-License-Identifier: BSD-2-Clause
# All of libfarpage, for the library itself and for the unit tests.
noinst_LTLIBRARIES += client/libborrower.la
client_libborrower_la_SOURCES = \
	client/address.c \
	client/address.h \
	client/core.c \
	client/core.h \
	client/drive.c \
	client/drive.h \
	client/farpage.c \
	client/link.h \
	client/link_nbd.c \
	client/link_store.c \
	client/map.c \
	client/map.h
client_libborrower_la_CPPFLAGS = $(AM_CPPFLAGS) $(LIBNBD_CFLAGS)
client_libborrower_la_LIBADD = server/libstore.la $(LIBNBD_LIBS) $(PTHREAD_LIBS)

lib_LTLIBRARIES += client/libfarpage.la
client_libfarpage_la_SOURCES =
client_libfarpage_la_LIBADD = client/libborrower.la
client_libfarpage_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 -export-symbols-regex '^farpage_'
include_HEADERS += client/farpage.h
EXTRA_DIST += client/farpage.pc.in
pkgconfig_DATA += client/farpage.pc
