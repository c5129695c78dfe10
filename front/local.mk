# SPDX-License-Identifier: BSD-2-Clause
# The program: a face before libfarpage.
sbin_PROGRAMS += front/farpage-front
front_farpage_front_SOURCES = \
	front/device_file.c \
	front/device_file.h \
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
front_farpage_front_CPPFLAGS = $(see_front) $(LIBSYSTEMD_CFLAGS)
front_farpage_front_LDADD = face/libface.la program/libprogram.la common/libsettingsfile.la client/libborrower.la nbd/libnbdserver.la \
	$(LIBURING_LIBS) $(LIBSYSTEMD_LIBS) $(GNUTLS_LIBS) $(EV_LIBS)
