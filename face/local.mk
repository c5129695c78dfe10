# SPDX-License-Identifier: BSD-2-Clause
# How the kernel, or a client, asks for pages.
noinst_LTLIBRARIES += face/libface.la
face_libface_la_SOURCES = \
	face/face.h \
	face/face_nbd.c \
	face/face_nbd.h \
	face/nbd_door.c \
	face/nbd_door.h \
	face/nbd_room.c \
	face/nbd_room.h \
	face/nbd_span.c \
	face/nbd_span.h
if HAVE_LIBURING
face_libface_la_SOURCES += \
	face/ublk.c \
	face/ublk_cmd.h \
	face/ublk_control.c \
	face/ublk_control.h \
	face/ublk_device.c \
	face/ublk_device.h \
	face/ublk_queue.c \
	face/ublk_queue.h \
	face/ublk_use.c \
	face/ublk_use.h
else
face_libface_la_SOURCES += face/ublk_none.c
endif
face_libface_la_CPPFLAGS = $(see_face) $(LIBURING_CFLAGS)
