# SPDX-License-Identifier: BSD-2-Clause
# How the kernel, or a client, asks for pages.
noinst_LTLIBRARIES += front/libface.la
front_libface_la_SOURCES = \
	front/face.h \
	front/face_nbd.c \
	front/face_nbd.h \
	front/nbd_door.c \
	front/nbd_door.h \
	front/nbd_room.c \
	front/nbd_room.h \
	front/nbd_span.c \
	front/nbd_span.h
if HAVE_LIBURING
front_libface_la_SOURCES += \
	front/ublk.c \
	front/ublk_cmd.h \
	front/ublk_control.c \
	front/ublk_control.h \
	front/ublk_device.c \
	front/ublk_device.h \
	front/ublk_queue.c \
	front/ublk_queue.h \
	front/ublk_use.c \
	front/ublk_use.h
else
front_libface_la_SOURCES += front/ublk_none.c
endif
front_libface_la_CPPFLAGS = $(see_front) $(LIBURING_CFLAGS)

# The program: a face before libfarpage.
sbin_PROGRAMS += front/farpage-front
front_farpage_front_SOURCES = \
	front/farpage-front.c \
	front/front.c \
	front/front.h \
	front/notify.h \
	front/options.c \
	front/options.h
if HAVE_LIBSYSTEMD
front_farpage_front_SOURCES += front/notify.c
else
front_farpage_front_SOURCES += front/notify_none.c
endif
front_farpage_front_CPPFLAGS = $(see_program) -iquote $(srcdir)/front $(LIBSYSTEMD_CFLAGS)
front_farpage_front_LDADD = front/libface.la program/libprogram.la common/libsettingsfile.la client/libborrower.la \
	$(LIBURING_LIBS) $(LIBSYSTEMD_LIBS) $(EV_LIBS)
