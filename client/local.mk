# SPDX-License-Identifier: BSD-2-Clause
# The borrower. seal/: what a page is out there, and what is remembered of it.
noinst_LTLIBRARIES += client/libseal.la
client_libseal_la_SOURCES = \
	client/seal/locked.c \
	client/seal/locked.h \
	client/seal/page.c \
	client/seal/record.h \
	client/seal/seal.c \
	client/seal/seal.h \
	client/seal/seal_off.c \
	client/seal/seal_ops.h
if HAVE_GNUTLS
client_libseal_la_SOURCES += client/seal/seal_encrypt.c
else
client_libseal_la_SOURCES += client/seal/seal_encrypt_none.c
endif
if HAVE_LIBXXHASH
client_libseal_la_SOURCES += client/seal/seal_check.c
else
client_libseal_la_SOURCES += client/seal/seal_check_none.c
endif
client_libseal_la_CPPFLAGS = $(see_seal) $(GNUTLS_CFLAGS) $(LIBXXHASH_CFLAGS)

# core/: decides what happens to every page; no threads, sockets, clock or allocation.
noinst_LTLIBRARIES += client/libcore.la
client_libcore_la_SOURCES = \
	client/core/arith.h \
	client/core/ask.c \
	client/core/ask.h \
	client/core/buffer.c \
	client/core/buffer.h \
	client/core/core.c \
	client/core/core.h \
	client/core/dispatch.c \
	client/core/dispatch.h \
	client/core/down.c \
	client/core/down.h \
	client/core/extent.c \
	client/core/extent.h \
	client/core/get.c \
	client/core/get.h \
	client/core/heal.c \
	client/core/heal.h \
	client/core/heal_run.c \
	client/core/heal_run.h \
	client/core/identity.h \
	client/core/layout.c \
	client/core/layout.h \
	client/core/map.c \
	client/core/map.h \
	client/core/meet.c \
	client/core/meet.h \
	client/core/op.h \
	client/core/peer.c \
	client/core/peer.h \
	client/core/put.c \
	client/core/put.h \
	client/core/queue.c \
	client/core/queue.h \
	client/core/stall.c \
	client/core/stall.h \
	client/core/state.h \
	client/core/suspect.c \
	client/core/suspect.h
client_libcore_la_CPPFLAGS = $(see_core)

# link/: ways to a lender, to a disk, and to the store in this process.
noinst_LTLIBRARIES += client/liblink.la
client_liblink_la_SOURCES = \
	client/link/address.c \
	client/link/address.h \
	client/link/aio.h \
	client/link/link.h \
	client/link/link_handle.c \
	client/link/link_nbd.c \
	client/link/link_nbd.h \
	client/link/link_plain.c \
	client/link/link_spill.c \
	client/link/link_store.c \
	client/link/link_tls.c \
	client/link/lookup.c \
	client/link/lookup.h \
	client/link/psk.c \
	client/link/psk.h \
	client/link/signature.h \
	client/link/spill.c \
	client/link/spill.h \
	client/link/spill_hand.c \
	client/link/spill_hand.h \
	client/link/wire.c \
	client/link/wire.h
if HAVE_LIBBLKID
client_liblink_la_SOURCES += client/link/signature_blkid.c
else
client_liblink_la_SOURCES += client/link/signature_none.c
endif
client_liblink_la_CPPFLAGS = $(see_link) $(LIBNBD_CFLAGS) $(LIBBLKID_CFLAGS)

# engine/: threads that carry out what the core decides.
noinst_LTLIBRARIES += client/libengine.la
client_libengine_la_SOURCES = \
	client/engine/background.c \
	client/engine/engine.c \
	client/engine/engine.h \
	client/engine/engine_lenders.c \
	client/engine/engine_open.c \
	client/engine/figures.c \
	client/engine/figures.h \
	client/engine/loop.c
client_libengine_la_CPPFLAGS = $(see_engine)

# lenders/: who they are, what becomes of them, and what is said of that.
noinst_LTLIBRARIES += client/liblenders.la
client_liblenders_la_SOURCES = \
	client/lenders/probe.c \
	client/lenders/probe.h \
	client/lenders/lenders.c \
	client/lenders/lenders.h \
	client/lenders/events.c \
	client/lenders/events.h \
	client/lenders/tell.c \
	client/lenders/tell.h \
	client/lenders/watch.c \
	client/lenders/watch.h \
	client/lenders/watch_list.c \
	client/lenders/watch_names.c
client_liblenders_la_CPPFLAGS = $(see_lenders) $(LIBNBD_CFLAGS)

# All of libfarpage, for the library itself and for the unit tests.
noinst_LTLIBRARIES += client/libborrower.la
client_libborrower_la_SOURCES = \
	client/call.c \
	client/farpage.c \
	client/open_options.c \
	client/open_options.h \
	client/transfer.c \
	client/transfer.h \
	client/stats.c \
	client/submit.c
client_libborrower_la_CPPFLAGS = $(see_client)
client_libborrower_la_LIBADD = client/liblenders.la client/libengine.la client/liblink.la client/libcore.la \
	client/libseal.la store/libstore.la $(LIBNBD_LIBS) $(GNUTLS_LIBS) $(LIBBLKID_LIBS) $(PTHREAD_LIBS)

lib_LTLIBRARIES += client/libfarpage.la
client_libfarpage_la_SOURCES =
client_libfarpage_la_LIBADD = client/libborrower.la
# A thread that looks a name up may outlast who asked for it.
client_libfarpage_la_LDFLAGS = $(AM_LDFLAGS) -Wl,-z,nodelete -version-info 1:0:0 \
	-Wl,--version-script=$(srcdir)/client/libfarpage.map
client_libfarpage_la_DEPENDENCIES = client/libborrower.la client/libfarpage.map
EXTRA_DIST += client/libfarpage.map
include_HEADERS += client/include/farpage.h
EXTRA_DIST += client/farpage.pc.in
pkgconfig_DATA += client/farpage.pc
