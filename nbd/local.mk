# SPDX-License-Identifier: BSD-2-Clause
# The NBD server: net/ is sockets, TLS and limits, protocol/ what is said over them, serve/ the
# connections and the loops that they live on.
noinst_LTLIBRARIES += nbd/libnbdserver.la
nbd_libnbdserver_la_SOURCES = \
	nbd/net/budget.h \
	nbd/net/buf.c \
	nbd/net/buf.h \
	nbd/net/hall.c \
	nbd/net/hall.h \
	nbd/net/limit.c \
	nbd/net/limit.h \
	nbd/net/origin.c \
	nbd/net/origin.h \
	nbd/net/socket.c \
	nbd/net/socket.h \
	nbd/net/stream.c \
	nbd/net/stream.h \
	nbd/net/tls.h \
	nbd/net/unix_socket.c \
	nbd/net/unix_socket.h \
	nbd/protocol/backend.h \
	nbd/protocol/chunk.c \
	nbd/protocol/chunk.h \
	nbd/protocol/context.c \
	nbd/protocol/handshake.c \
	nbd/protocol/handshake.h \
	nbd/protocol/handshake_state.c \
	nbd/protocol/handshake_state.h \
	nbd/protocol/late.c \
	nbd/protocol/late.h \
	nbd/protocol/nbd.h \
	nbd/protocol/option.c \
	nbd/protocol/option.h \
	nbd/protocol/reply.c \
	nbd/protocol/reply.h \
	nbd/protocol/request.c \
	nbd/protocol/request.h \
	nbd/protocol/session.c \
	nbd/protocol/session.h \
	nbd/protocol/terms.h \
	nbd/serve/conn.c \
	nbd/serve/conn.h \
	nbd/serve/gate.c \
	nbd/serve/gate.h \
	nbd/serve/hear.c \
	nbd/serve/hear.h \
	nbd/serve/hold.c \
	nbd/serve/hold.h \
	nbd/serve/listen.c \
	nbd/serve/listen.h \
	nbd/serve/loop.c \
	nbd/serve/loop.h \
	nbd/serve/send.c \
	nbd/serve/send.h \
	nbd/serve/serve.c \
	nbd/serve/serve.h \
	nbd/serve/silence.c \
	nbd/serve/silence.h \
	nbd/serve/stir.c \
	nbd/serve/stir.h
if HAVE_GNUTLS
nbd_libnbdserver_la_SOURCES += \
	nbd/net/tls_credentials.c \
	nbd/net/tls_credentials.h \
	nbd/net/tls_gnutls.c
else
nbd_libnbdserver_la_SOURCES += nbd/net/tls_none.c
endif
nbd_libnbdserver_la_CPPFLAGS = $(see_nbd) $(GNUTLS_CFLAGS)
