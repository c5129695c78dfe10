# SPDX-License-Identifier: BSD-2-Clause
# The lender. pool/: pools, who has them, and what of them outlives a process.
noinst_LTLIBRARIES += server/libpool.la
server_libpool_la_SOURCES = \
	server/pool/admit.c \
	server/pool/admit.h \
	server/pool/allow.c \
	server/pool/allow.h \
	server/pool/door.c \
	server/pool/door.h \
	server/pool/dropped.c \
	server/pool/dropped.h \
	server/pool/export.c \
	server/pool/export.h \
	server/pool/keep.c \
	server/pool/keep.h \
	server/pool/label.c \
	server/pool/label.h \
	server/pool/lend.c \
	server/pool/lend.h \
	server/pool/member.c \
	server/pool/member.h \
	server/pool/member_pages.c \
	server/pool/pages.c \
	server/pool/pages.h \
	server/pool/pool.c \
	server/pool/pool.h \
	server/pool/secret.c \
	server/pool/secret.h \
	server/pool/state.h \
	server/pool/state_dir.c \
	server/pool/state_fds.c \
	server/pool/ticket.c \
	server/pool/ticket.h \
	server/pool/vacate.c \
	server/pool/vacate.h
server_libpool_la_CPPFLAGS = $(see_pool)

# memory/: how much the host can spare, and wants back.
noinst_LTLIBRARIES += server/libmemory.la
server_libmemory_la_SOURCES = \
	server/memory/gauge.c \
	server/memory/gauge.h \
	server/memory/pressure.c \
	server/memory/pressure.h \
	server/memory/room.c \
	server/memory/room.h
server_libmemory_la_CPPFLAGS = $(see_memory)

# system/: systemd, rights, and which system calls there are.
noinst_LTLIBRARIES += server/libsystem.la
server_libsystem_la_SOURCES = \
	server/system/filter.h \
	server/system/pid_file.c \
	server/system/pid_file.h \
	server/system/privilege.c \
	server/system/privilege.h \
	server/system/service.h
if FILTER
server_libsystem_la_SOURCES += server/system/filter.c
else
server_libsystem_la_SOURCES += server/system/filter_none.c
endif
if HAVE_LIBSYSTEMD
server_libsystem_la_SOURCES += server/system/service.c
else
server_libsystem_la_SOURCES += server/system/service_none.c
endif
server_libsystem_la_CPPFLAGS = $(see_system) $(LIBSECCOMP_CFLAGS) $(LIBSYSTEMD_CFLAGS)

# config/: options, of the command line and of a file.
noinst_LTLIBRARIES += server/libconfig.la
server_libconfig_la_SOURCES = \
	server/config/options.h \
	server/config/options_check.c \
	server/config/options_check.h \
	server/config/options_pool.c \
	server/config/options_pool.h \
	server/config/options_read.c \
	server/config/options_table.c \
	server/config/options_table.h
server_libconfig_la_CPPFLAGS = $(see_config)

# All of the daemon but main(), for the unit tests and the fuzzers.
noinst_LTLIBRARIES += server/liblender.la
server_liblender_la_SOURCES = \
	server/stats.c \
	server/stats.h \
	server/stats_json.c \
	server/monitor.c \
	server/monitor.h
server_liblender_la_CPPFLAGS = $(see_server)
server_liblender_la_LIBADD = server/libconfig.la server/libmemory.la server/libpool.la server/libsystem.la \
	nbd/libnbdserver.la common/libsettingsfile.la store/libstore.la $(GNUTLS_LIBS) $(LIBSECCOMP_LIBS) \
	$(LIBSYSTEMD_LIBS) $(EV_LIBS) $(PTHREAD_LIBS)

sbin_PROGRAMS += server/farpaged
server_farpaged_SOURCES = \
	server/change.c \
	server/daemon.h \
	server/farpaged.c \
	server/reload.c \
	server/restore.c \
	server/signals.c \
	server/status.c
server_farpaged_CPPFLAGS = $(see_server)
server_farpaged_LDADD = server/liblender.la
