# SPDX-License-Identifier: BSD-2-Clause
# The page store, which the borrower's embedded default uses too.
noinst_LTLIBRARIES += server/libstore.la
server_libstore_la_SOURCES = \
	server/bitmap.h \
	server/store.h \
	server/store_adopt.c \
	server/store_flat.c \
	server/store_flat.h \
	server/store_map.c
server_libstore_la_LIBADD = common/libcommon.la

# All of the daemon but main(), for the unit tests and the fuzzers.
noinst_LTLIBRARIES += server/liblender.la
server_liblender_la_SOURCES = \
	server/admit.c \
	server/allow.c \
	server/allow.h \
	server/budget.h \
	server/buf.c \
	server/buf.h \
	server/chunk.c \
	server/chunk.h \
	server/conn.c \
	server/conn.h \
	server/context.c \
	server/descriptors.c \
	server/descriptors.h \
	server/dropped.c \
	server/dropped.h \
	server/export.c \
	server/export.h \
	server/filter.h \
	server/gate.c \
	server/gate.h \
	server/gauge.c \
	server/gauge.h \
	server/hall.c \
	server/hall.h \
	server/handshake.c \
	server/hear.c \
	server/handshake.h \
	server/hold.c \
	server/keep.c \
	server/keep.h \
	server/label.c \
	server/label.h \
	server/limit.c \
	server/limit.h \
	server/listen.c \
	server/listen.h \
	server/log.c \
	server/log.h \
	server/loop.c \
	server/loop.h \
	server/member.c \
	server/member.h \
	server/member_pages.c \
	server/nbd.h \
	server/option.c \
	server/option.h \
	server/options.c \
	server/options.h \
	server/options_pool.c \
	server/options_read.c \
	server/options_table.h \
	server/path.c \
	server/path.h \
	server/pool.c \
	server/pool.h \
	server/pressure.c \
	server/pressure.h \
	server/privilege.c \
	server/privilege.h \
	server/rate.h \
	server/reply.c \
	server/reply.h \
	server/request.c \
	server/request.h \
	server/room.c \
	server/room.h \
	server/secret.c \
	server/secret.h \
	server/send.c \
	server/send.h \
	server/service.h \
	server/silence.c \
	server/silence.h \
	server/size.c \
	server/size.h \
	server/socket.c \
	server/socket.h \
	server/state.h \
	server/state_dir.c \
	server/state_fds.c \
	server/stats.c \
	server/stats.h \
	server/stats_json.c \
	server/stream.c \
	server/stream.h \
	server/terms.h \
	server/ticket.c \
	server/ticket.h \
	server/tls.h \
	server/unix_socket.c \
	server/unix_socket.h \
	server/vacate.c \
	server/vacate.h \
	server/monitor.c \
	server/monitor.h
if HAVE_GNUTLS
server_liblender_la_SOURCES += \
	server/tls_credentials.c \
	server/tls_credentials.h \
	server/tls_gnutls.c
else
server_liblender_la_SOURCES += server/tls_none.c
endif
if FILTER
server_liblender_la_SOURCES += server/filter.c
else
server_liblender_la_SOURCES += server/filter_none.c
endif
if HAVE_LIBSYSTEMD
server_liblender_la_SOURCES += server/service.c
else
server_liblender_la_SOURCES += server/service_none.c
endif
server_liblender_la_CPPFLAGS = $(AM_CPPFLAGS) $(INIH_CFLAGS) $(GNUTLS_CFLAGS) $(LIBSECCOMP_CFLAGS) \
	$(LIBSYSTEMD_CFLAGS)
server_liblender_la_LIBADD = server/libstore.la $(INIH_LIBS) $(GNUTLS_LIBS) $(LIBSECCOMP_LIBS) \
	$(LIBSYSTEMD_LIBS) $(EV_LIBS) $(PTHREAD_LIBS)

sbin_PROGRAMS += server/farpaged
server_farpaged_SOURCES = \
	server/change.c \
	server/daemon.h \
	server/farpaged.c \
	server/pid_file.c \
	server/pid_file.h \
	server/reload.c \
	server/restore.c \
	server/signals.c
server_farpaged_LDADD = server/liblender.la
