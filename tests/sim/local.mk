# SPDX-License-Identifier: BSD-2-Clause
# The simulator. check runs 2,000 worlds; check-planted looks for bugs that were planted, which
# takes a quarter of an hour, and check-worlds lives a million of worlds: two and a half hours of two
# processors.
check_PROGRAMS += tests/sim/farsim
sim_sources = \
	tests/sim/answer.c \
	tests/sim/audit.c \
	tests/sim/caller.c \
	tests/sim/config.c \
	tests/sim/disk.c \
	tests/sim/fault.c \
	tests/sim/here.c \
	tests/sim/kinds.c \
	tests/sim/lender.c \
	tests/sim/main.c \
	tests/sim/model.c \
	tests/sim/net.c \
	tests/sim/pages.c \
	tests/sim/stats.c \
	tests/sim/store.c \
	tests/sim/tamper.c \
	tests/sim/who.c \
	tests/sim/world.c
tests_sim_farsim_SOURCES = \
	$(sim_sources) \
	tests/sim/fault.h \
	tests/sim/net.h \
	tests/sim/sim.h \
	tests/sim/stats.h
tests_sim_farsim_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(srcdir)/tests/sim
tests_sim_farsim_LDADD = client/libborrower.la

dist_check_SCRIPTS += \
	tests/sim/planted \
	tests/sim/worlds.sh
EXTRA_DIST += tests/sim/planted.list
TESTS += tests/sim/worlds.sh

# What the core is made of, without links, engine and configuration.
sim_core = \
	client/core/ask.c \
	client/core/buffer.c \
	client/core/core.c \
	client/core/dispatch.c \
	client/core/down.c \
	client/core/extent.c \
	client/core/get.c \
	client/core/heal.c \
	client/core/heal_run.c \
	client/core/layout.c \
	client/core/map.c \
	client/core/meet.c \
	client/core/peer.c \
	client/core/put.c \
	client/core/queue.c \
	client/core/stall.c \
	client/core/suspect.c \
	client/seal/locked.c \
	client/seal/page.c \
	client/seal/seal.c \
	client/seal/seal_check.c \
	client/seal/seal_encrypt.c \
	client/seal/seal_off.c
check-planted:
	FARPAGE_SRCDIR=$(abs_top_srcdir) CC="$(CC)" LIBS="$(GNUTLS_LIBS) $(LIBXXHASH_LIBS)" \
	  CFLAGS="-std=gnu11 -O2 -g -D_GNU_SOURCE $(GNUTLS_CFLAGS) $(LIBXXHASH_CFLAGS) \
	    -iquote $(abs_top_srcdir)/common -iquote $(abs_top_srcdir)/store -iquote $(abs_top_srcdir)/client/seal -iquote $(abs_top_srcdir)/client/core \
	    -iquote $(abs_top_srcdir)/tests/sim" \
	  $(srcdir)/tests/sim/planted $(PLANTED) $(sim_core) $(sim_sources)

check-worlds: all
	WORLDS=$${WORLDS-500000} $(MAKE) check TESTS=tests/sim/worlds.sh
.PHONY: check-planted check-worlds
