# SPDX-License-Identifier: BSD-2-Clause
# All of libfarpage, for the library itself and for the unit tests.
noinst_LTLIBRARIES += client/libborrower.la
client_libborrower_la_SOURCES = \
	client/address.c \
	client/address.h \
	client/aio.h \
	client/spill_hand.h \
	client/ask.c \
	client/background.c \
	client/buffer.c \
	client/buffer.h \
	client/call.c \
	client/call.h \
	client/core.c \
	client/core.h \
	client/core_parts.h \
	client/drive.c \
	client/drive.h \
	client/drive_open.c \
	client/drive_lenders.c \
	client/farpage.c \
	client/figures.c \
	client/figures.h \
	client/get.c \
	client/heal.c \
	client/heal_run.c \
	client/identity.h \
	client/inquiry.c \
	client/inquiry.h \
	client/layout.c \
	client/layout.h \
	client/lenders.c \
	client/lenders.h \
	client/link.h \
	client/link_nbd.c \
	client/link_nbd.h \
	client/link_plain.c \
	client/link_spill.c \
	client/spill_hand.c \
	client/link_store.c \
	client/link_tls.c \
	client/locked.c \
	client/locked.h \
	client/lookup.c \
	client/lookup.h \
	client/map.c \
	client/map.h \
	client/news.c \
	client/news.h \
	client/op.c \
	client/op.h \
	client/page.c \
	client/peer.c \
	client/psk.c \
	client/psk.h \
	client/put.c \
	client/record.h \
	client/seal.c \
	client/seal.h \
	client/seal_off.c \
	client/seal_ops.h \
	client/signature.h \
	client/spill.c \
	client/spill.h \
	client/stats.c \
	client/still.c \
	client/suspect.c \
	client/tell.c \
	client/tell.h \
	client/watch.c \
	client/watch.h \
	client/watch_list.c \
	client/watch_names.c \
	client/wire.c \
	client/wire.h
if HAVE_GNUTLS
client_libborrower_la_SOURCES += client/seal_encrypt.c
else
client_libborrower_la_SOURCES += client/seal_encrypt_none.c
endif
if HAVE_LIBXXHASH
client_libborrower_la_SOURCES += client/seal_check.c
else
client_libborrower_la_SOURCES += client/seal_check_none.c
endif
if HAVE_LIBBLKID
client_libborrower_la_SOURCES += client/signature_blkid.c
else
client_libborrower_la_SOURCES += client/signature_none.c
endif
client_libborrower_la_CPPFLAGS = $(AM_CPPFLAGS) $(LIBNBD_CFLAGS) $(GNUTLS_CFLAGS) $(LIBXXHASH_CFLAGS) \
	$(LIBBLKID_CFLAGS)
client_libborrower_la_LIBADD = server/libstore.la $(LIBNBD_LIBS) $(GNUTLS_LIBS) $(LIBBLKID_LIBS) $(PTHREAD_LIBS)

lib_LTLIBRARIES += client/libfarpage.la
client_libfarpage_la_SOURCES =
client_libfarpage_la_LIBADD = client/libborrower.la
# A thread that looks a name up may outlast who asked for it.
client_libfarpage_la_LDFLAGS = $(AM_LDFLAGS) -Wl,-z,nodelete -version-info 0:0:0 -export-symbols-regex '^farpage_'
include_HEADERS += client/farpage.h
EXTRA_DIST += client/farpage.pc.in
pkgconfig_DATA += client/farpage.pc
