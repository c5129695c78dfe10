# SPDX-License-Identifier: BSD-2-Clause
# Unit tests: one program a source file, the real code with fakes around it.
noinst_HEADERS += \
	tests/unit/claim_fixture.h \
	tests/unit/core_fixture.h \
	tests/unit/engine_fixture.h \
	tests/unit/fakelink.h \
	tests/unit/heal_fixture.h \
	tests/unit/fakestate.h \
	tests/unit/keep_fixture.h \
	tests/unit/late_fixture.h \
	tests/unit/later_fixture.h \
	tests/unit/lender_fixture.h \
	tests/unit/link_fixture.h \
	tests/unit/memfd.h \
	tests/unit/pool_fixture.h \
	tests/unit/seal_fixture.h \
	tests/unit/serve_fixture.h \
	tests/unit/span_fixture.h \
	tests/unit/spill_fixture.h \
	tests/unit/store_fixture.h \
	tests/unit/talk_fixture.h \
	tests/unit/tell_fixture.h \
	tests/unit/tlsclient.h \
	tests/unit/unit.h \
	tests/unit/wire.h

if HAVE_CMOCKA
unit_tests = \
	tests/unit/test-address \
	tests/unit/test-agreed \
	tests/unit/test-allow \
	tests/unit/test-backend \
	tests/unit/test-bitmap \
	tests/unit/test-buf \
	tests/unit/test-buffer \
	tests/unit/test-call \
	tests/unit/test-conn \
	tests/unit/test-core-deadline \
	tests/unit/test-core-elsewhere \
	tests/unit/test-core-fill \
	tests/unit/test-core-get \
	tests/unit/test-core-heal \
	tests/unit/test-core-late \
	tests/unit/test-core-lenders \
	tests/unit/test-core-link \
	tests/unit/test-core-memory \
	tests/unit/test-core-move \
	tests/unit/test-core-put \
	tests/unit/test-core-queue \
	tests/unit/test-core-share \
	tests/unit/test-core-rate \
	tests/unit/test-core-slow \
	tests/unit/test-core-spill \
	tests/unit/test-core-stall \
	tests/unit/test-core-suspect \
	tests/unit/test-engine \
	tests/unit/test-engine-background \
	tests/unit/test-engine-buffers \
	tests/unit/test-engine-leader \
	tests/unit/test-engine-loop \
	tests/unit/test-engine-threads \
	tests/unit/test-dropped \
	tests/unit/test-export \
	tests/unit/test-farpage \
	tests/unit/test-farpage-options \
	tests/unit/test-farpage-path \
	tests/unit/test-farpage-submit \
	tests/unit/test-filter \
	tests/unit/test-gauge \
	tests/unit/test-hall \
	tests/unit/test-handshake \
	tests/unit/test-handshake-claim \
	tests/unit/test-handshake-hostile \
	tests/unit/test-handshake-lengths \
	tests/unit/test-handshake-meta \
	tests/unit/test-hostport \
	tests/unit/test-identity \
	tests/unit/test-json \
	tests/unit/test-keep \
	tests/unit/test-keep-refused \
	tests/unit/test-label \
	tests/unit/test-late \
	tests/unit/test-layout \
	tests/unit/test-layout-capacity \
	tests/unit/test-lenders \
	tests/unit/test-limit \
	tests/unit/test-lines \
	tests/unit/test-link \
	tests/unit/test-link-spill \
	tests/unit/test-locked \
	tests/unit/test-log \
	tests/unit/test-map \
	tests/unit/test-events \
	tests/unit/test-no-memory \
	tests/unit/test-options \
	tests/unit/test-options-file \
	tests/unit/test-nbd-door \
	tests/unit/test-owner \
	tests/unit/test-page \
	tests/unit/test-parameters \
	tests/unit/test-pool \
	tests/unit/test-pool-claim \
	tests/unit/test-pool-epoch \
	tests/unit/test-pool-since \
	tests/unit/test-pool-threads \
	tests/unit/test-pressure \
	tests/unit/test-rate \
	tests/unit/test-reply \
	tests/unit/test-request \
	tests/unit/test-room \
	tests/unit/test-seal \
	tests/unit/test-seal-hostile \
	tests/unit/test-seal-threads \
	tests/unit/test-session \
	tests/unit/test-session-chunks \
	tests/unit/test-session-cut \
	tests/unit/test-session-dropped \
	tests/unit/test-session-erase \
	tests/unit/test-session-random \
	tests/unit/test-session-zeros \
	tests/unit/test-setting \
	tests/unit/test-size \
	tests/unit/test-span \
	tests/unit/test-spill \
	tests/unit/test-standard \
	tests/unit/test-store \
	tests/unit/test-store-adopt \
	tests/unit/test-store-late \
	tests/unit/test-store-map \
	tests/unit/test-store-size \
	tests/unit/test-tell \
	tests/unit/test-vacate \
	tests/unit/test-words
if HAVE_GNUTLS
unit_tests += tests/unit/test-seal-key tests/unit/test-stream tests/unit/test-tls
endif
# Sanitizers have a malloc of their own.
if !SANITIZERS
unit_tests += tests/unit/test-seal-path
endif
if HAVE_LIBSYSTEMD
unit_tests += tests/unit/test-service
endif
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)

unit_cppflags = $(AM_CPPFLAGS) -iquote $(srcdir)/plugin $(CMOCKA_CFLAGS)
unit_lender = server/liblender.la $(CMOCKA_LIBS)
unit_borrower = client/libborrower.la $(CMOCKA_LIBS)

tests_unit_test_address_CPPFLAGS = $(unit_cppflags)
tests_unit_test_address_LDADD = $(unit_borrower)
# A program that has the NBD server, and nothing of the lender's.
tests_unit_test_backend_CPPFLAGS = $(see_nbd) $(CMOCKA_CFLAGS)
tests_unit_test_backend_LDADD = nbd/libnbdserver.la common/libcommon.la $(GNUTLS_LIBS) $(EV_LIBS) \
	$(CMOCKA_LIBS) $(PTHREAD_LIBS)
tests_unit_test_late_CPPFLAGS = $(see_nbd) $(CMOCKA_CFLAGS)
tests_unit_test_late_LDADD = nbd/libnbdserver.la common/libcommon.la $(GNUTLS_LIBS) $(EV_LIBS) \
	$(CMOCKA_LIBS) $(PTHREAD_LIBS)
tests_unit_test_nbd_door_CPPFLAGS = $(see_face) $(CMOCKA_CFLAGS)
tests_unit_test_nbd_door_LDADD = face/libface.la nbd/libnbdserver.la common/libcommon.la $(GNUTLS_LIBS) $(EV_LIBS) \
	$(CMOCKA_LIBS) $(PTHREAD_LIBS)
tests_unit_test_bitmap_CPPFLAGS = $(unit_cppflags)
tests_unit_test_bitmap_LDADD = $(CMOCKA_LIBS) $(PTHREAD_LIBS)
tests_unit_test_buf_CPPFLAGS = $(unit_cppflags)
tests_unit_test_buf_LDADD = $(unit_lender)
tests_unit_test_buffer_CPPFLAGS = $(unit_cppflags)
tests_unit_test_buffer_LDADD = $(unit_borrower)
tests_unit_test_call_CPPFLAGS = $(unit_cppflags)
tests_unit_test_call_LDADD = $(unit_borrower)
tests_unit_test_conn_CPPFLAGS = $(unit_cppflags)
tests_unit_test_conn_LDADD = $(unit_lender)
tests_unit_test_core_deadline_CPPFLAGS = $(unit_cppflags)
tests_unit_test_core_deadline_LDADD = $(unit_borrower)
tests_unit_test_core_elsewhere_CPPFLAGS = $(unit_cppflags)
tests_unit_test_core_elsewhere_LDADD = $(unit_borrower)
tests_unit_test_core_fill_CPPFLAGS = $(unit_cppflags)
tests_unit_test_core_fill_LDADD = $(unit_borrower)
tests_unit_test_core_get_CPPFLAGS = $(unit_cppflags)
tests_unit_test_core_get_LDADD = $(unit_borrower)
tests_unit_test_core_heal_CPPFLAGS = $(unit_cppflags)
tests_unit_test_core_heal_LDADD = $(unit_borrower)
tests_unit_test_core_late_CPPFLAGS = $(unit_cppflags)
tests_unit_test_core_late_LDADD = $(unit_borrower)
tests_unit_test_core_lenders_CPPFLAGS = $(unit_cppflags)
tests_unit_test_core_lenders_LDADD = $(unit_borrower)
tests_unit_test_core_link_CPPFLAGS = $(unit_cppflags)
tests_unit_test_core_link_LDADD = $(unit_borrower)
tests_unit_test_core_memory_CPPFLAGS = $(unit_cppflags)
tests_unit_test_core_memory_LDADD = $(unit_borrower)
tests_unit_test_core_move_CPPFLAGS = $(unit_cppflags)
tests_unit_test_core_move_LDADD = $(unit_borrower)
tests_unit_test_core_put_CPPFLAGS = $(unit_cppflags)
tests_unit_test_core_put_LDADD = $(unit_borrower)
tests_unit_test_core_queue_CPPFLAGS = $(unit_cppflags)
tests_unit_test_core_queue_LDADD = $(unit_borrower)
tests_unit_test_core_share_CPPFLAGS = $(unit_cppflags)
tests_unit_test_core_share_LDADD = $(unit_borrower)
tests_unit_test_core_rate_CPPFLAGS = $(unit_cppflags)
tests_unit_test_core_rate_LDADD = $(unit_borrower)
tests_unit_test_core_slow_CPPFLAGS = $(unit_cppflags)
tests_unit_test_core_slow_LDADD = $(unit_borrower)
tests_unit_test_core_spill_CPPFLAGS = $(unit_cppflags)
tests_unit_test_core_spill_LDADD = $(unit_borrower)
tests_unit_test_core_stall_CPPFLAGS = $(unit_cppflags)
tests_unit_test_core_stall_LDADD = $(unit_borrower)
tests_unit_test_core_suspect_CPPFLAGS = $(unit_cppflags)
tests_unit_test_core_suspect_LDADD = $(unit_borrower)
tests_unit_test_engine_CPPFLAGS = $(unit_cppflags)
tests_unit_test_engine_LDADD = $(unit_borrower)
tests_unit_test_engine_background_CPPFLAGS = $(unit_cppflags)
tests_unit_test_engine_background_LDADD = $(unit_borrower)
tests_unit_test_engine_buffers_CPPFLAGS = $(unit_cppflags)
tests_unit_test_engine_buffers_LDADD = $(unit_borrower)
tests_unit_test_engine_leader_CPPFLAGS = $(unit_cppflags)
tests_unit_test_engine_leader_LDADD = $(unit_borrower)
tests_unit_test_engine_loop_CPPFLAGS = $(unit_cppflags)
tests_unit_test_engine_loop_LDADD = $(unit_borrower)
tests_unit_test_engine_threads_CPPFLAGS = $(unit_cppflags)
tests_unit_test_engine_threads_LDADD = $(unit_borrower)
tests_unit_test_dropped_CPPFLAGS = $(unit_cppflags)
tests_unit_test_dropped_LDADD = $(unit_lender)
tests_unit_test_agreed_CPPFLAGS = $(unit_cppflags)
tests_unit_test_agreed_LDADD = client/libborrower.la $(unit_lender)
tests_unit_test_allow_CPPFLAGS = $(unit_cppflags)
tests_unit_test_allow_LDADD = $(unit_lender)
tests_unit_test_export_CPPFLAGS = $(unit_cppflags)
tests_unit_test_export_LDADD = $(unit_lender)
tests_unit_test_farpage_CPPFLAGS = $(unit_cppflags)
tests_unit_test_farpage_LDADD = $(unit_borrower)
tests_unit_test_farpage_options_CPPFLAGS = $(unit_cppflags)
tests_unit_test_farpage_options_LDADD = $(unit_borrower)
tests_unit_test_farpage_submit_CPPFLAGS = $(unit_cppflags)
tests_unit_test_farpage_submit_LDADD = $(unit_borrower)
tests_unit_test_farpage_path_CPPFLAGS = $(unit_cppflags)
tests_unit_test_farpage_path_LDADD = $(unit_borrower)
tests_unit_test_filter_CPPFLAGS = $(unit_cppflags)
tests_unit_test_filter_LDADD = $(unit_lender)
tests_unit_test_gauge_CPPFLAGS = $(unit_cppflags)
tests_unit_test_gauge_LDADD = $(unit_lender)
tests_unit_test_hall_CPPFLAGS = $(unit_cppflags)
tests_unit_test_hall_LDADD = $(unit_lender)
tests_unit_test_handshake_CPPFLAGS = $(unit_cppflags)
tests_unit_test_handshake_LDADD = $(unit_lender)
tests_unit_test_handshake_claim_CPPFLAGS = $(unit_cppflags)
tests_unit_test_handshake_claim_LDADD = $(unit_lender)
tests_unit_test_handshake_hostile_CPPFLAGS = $(unit_cppflags)
tests_unit_test_handshake_hostile_LDADD = $(unit_lender)
tests_unit_test_handshake_lengths_CPPFLAGS = $(unit_cppflags)
tests_unit_test_handshake_lengths_LDADD = $(unit_lender)
tests_unit_test_handshake_meta_CPPFLAGS = $(unit_cppflags)
tests_unit_test_handshake_meta_LDADD = $(unit_lender)
tests_unit_test_hostport_CPPFLAGS = $(unit_cppflags)
tests_unit_test_hostport_LDADD = common/libcommon.la $(CMOCKA_LIBS)
tests_unit_test_identity_CPPFLAGS = $(unit_cppflags)
tests_unit_test_identity_LDADD = $(unit_borrower)
tests_unit_test_json_CPPFLAGS = $(unit_cppflags)
tests_unit_test_json_LDADD = common/libcommon.la $(CMOCKA_LIBS)
tests_unit_test_keep_CPPFLAGS = $(unit_cppflags)
tests_unit_test_keep_LDADD = $(unit_lender)
tests_unit_test_keep_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=keep_label
tests_unit_test_keep_refused_CPPFLAGS = $(unit_cppflags)
tests_unit_test_keep_refused_LDADD = $(unit_lender)
tests_unit_test_label_CPPFLAGS = $(unit_cppflags)
tests_unit_test_label_LDADD = $(unit_lender)
tests_unit_test_layout_CPPFLAGS = $(unit_cppflags)
tests_unit_test_layout_LDADD = $(unit_borrower)
tests_unit_test_layout_capacity_CPPFLAGS = $(unit_cppflags)
tests_unit_test_layout_capacity_LDADD = $(unit_borrower)
tests_unit_test_lenders_CPPFLAGS = $(unit_cppflags)
tests_unit_test_lenders_LDADD = $(unit_borrower)
tests_unit_test_limit_CPPFLAGS = $(unit_cppflags)
tests_unit_test_limit_LDADD = $(unit_lender)
tests_unit_test_lines_CPPFLAGS = $(unit_cppflags)
tests_unit_test_lines_LDADD = common/libcommon.la $(CMOCKA_LIBS) $(PTHREAD_LIBS)
tests_unit_test_link_CPPFLAGS = $(unit_cppflags)
tests_unit_test_link_LDADD = client/libborrower.la $(unit_lender)
tests_unit_test_locked_CPPFLAGS = $(unit_cppflags)
tests_unit_test_locked_LDADD = $(unit_borrower)
tests_unit_test_link_spill_CPPFLAGS = $(unit_cppflags)
tests_unit_test_link_spill_LDADD = $(unit_borrower)
tests_unit_test_log_CPPFLAGS = $(unit_cppflags)
tests_unit_test_log_LDADD = $(unit_lender)
tests_unit_test_map_CPPFLAGS = $(unit_cppflags)
tests_unit_test_map_LDADD = $(unit_borrower)
tests_unit_test_events_CPPFLAGS = $(unit_cppflags)
tests_unit_test_events_LDADD = $(unit_borrower)
tests_unit_test_no_memory_CPPFLAGS = $(unit_cppflags)
tests_unit_test_no_memory_LDADD = $(unit_lender)
tests_unit_test_no_memory_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc -Wl,--wrap=realloc
tests_unit_test_options_CPPFLAGS = $(unit_cppflags)
tests_unit_test_options_LDADD = $(unit_lender)
tests_unit_test_options_file_CPPFLAGS = $(unit_cppflags)
tests_unit_test_options_file_LDADD = $(unit_lender)
tests_unit_test_page_CPPFLAGS = $(unit_cppflags)
tests_unit_test_page_LDADD = $(unit_borrower)
tests_unit_test_parameters_CPPFLAGS = $(unit_cppflags)
tests_unit_test_parameters_LDADD = program/libprogram.la $(unit_borrower)
tests_unit_test_pool_CPPFLAGS = $(unit_cppflags)
tests_unit_test_pool_LDADD = $(unit_lender)
tests_unit_test_pool_claim_CPPFLAGS = $(unit_cppflags)
tests_unit_test_pool_claim_LDADD = $(unit_lender)
tests_unit_test_pool_epoch_CPPFLAGS = $(unit_cppflags)
tests_unit_test_pool_epoch_LDADD = $(unit_lender)
tests_unit_test_pool_since_CPPFLAGS = $(unit_cppflags)
tests_unit_test_pool_since_LDADD = $(unit_lender)
tests_unit_test_pool_threads_CPPFLAGS = $(unit_cppflags)
tests_unit_test_pool_threads_LDADD = $(unit_lender)
tests_unit_test_pressure_CPPFLAGS = $(unit_cppflags)
tests_unit_test_pressure_LDADD = $(unit_lender)
tests_unit_test_reply_CPPFLAGS = $(unit_cppflags)
tests_unit_test_reply_LDADD = $(unit_lender)
tests_unit_test_request_CPPFLAGS = $(unit_cppflags)
tests_unit_test_request_LDADD = $(unit_lender)
tests_unit_test_seal_CPPFLAGS = $(unit_cppflags)
tests_unit_test_seal_LDADD = $(unit_borrower)
tests_unit_test_seal_hostile_CPPFLAGS = $(unit_cppflags)
tests_unit_test_seal_hostile_LDADD = $(unit_borrower)
tests_unit_test_seal_key_CPPFLAGS = $(unit_cppflags) $(GNUTLS_CFLAGS)
tests_unit_test_seal_key_LDADD = $(unit_borrower) $(GNUTLS_LIBS)
tests_unit_test_seal_key_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=munmap
tests_unit_test_seal_path_CPPFLAGS = $(unit_cppflags)
tests_unit_test_seal_path_LDADD = $(unit_borrower)
tests_unit_test_seal_threads_CPPFLAGS = $(unit_cppflags)
tests_unit_test_seal_threads_LDADD = $(unit_borrower)
tests_unit_test_service_CPPFLAGS = $(unit_cppflags)
tests_unit_test_service_LDADD = $(unit_lender)
tests_unit_test_session_CPPFLAGS = $(unit_cppflags)
tests_unit_test_session_LDADD = $(unit_lender)
tests_unit_test_session_chunks_CPPFLAGS = $(unit_cppflags)
tests_unit_test_session_chunks_LDADD = $(unit_lender)
tests_unit_test_session_cut_CPPFLAGS = $(unit_cppflags)
tests_unit_test_session_cut_LDADD = $(unit_lender)
tests_unit_test_session_dropped_CPPFLAGS = $(unit_cppflags)
tests_unit_test_session_dropped_LDADD = $(unit_lender)
tests_unit_test_session_erase_CPPFLAGS = $(unit_cppflags)
tests_unit_test_session_erase_LDADD = $(unit_lender)
tests_unit_test_session_random_CPPFLAGS = $(unit_cppflags)
tests_unit_test_session_random_LDADD = $(unit_lender)
tests_unit_test_session_zeros_CPPFLAGS = $(unit_cppflags)
tests_unit_test_session_zeros_LDADD = $(unit_lender)
tests_unit_test_rate_CPPFLAGS = $(unit_cppflags)
tests_unit_test_rate_LDADD = $(unit_lender)
tests_unit_test_room_CPPFLAGS = $(unit_cppflags)
tests_unit_test_room_LDADD = $(unit_lender)
tests_unit_test_setting_CPPFLAGS = $(unit_cppflags)
tests_unit_test_setting_LDADD = common/libcommon.la $(CMOCKA_LIBS)
tests_unit_test_size_CPPFLAGS = $(unit_cppflags)
tests_unit_test_size_LDADD = $(unit_lender)
tests_unit_test_owner_SOURCES = tests/unit/test-owner.c plugin/owner.c
tests_unit_test_owner_CPPFLAGS = $(unit_cppflags)
tests_unit_test_owner_LDADD = client/libborrower.la $(CMOCKA_LIBS) $(PTHREAD_LIBS)
tests_unit_test_span_SOURCES = tests/unit/test-span.c plugin/span.c
tests_unit_test_span_CPPFLAGS = $(unit_cppflags)
tests_unit_test_span_LDADD = $(CMOCKA_LIBS) $(PTHREAD_LIBS)
tests_unit_test_spill_CPPFLAGS = $(unit_cppflags)
tests_unit_test_spill_LDADD = $(unit_borrower)
tests_unit_test_standard_CPPFLAGS = $(unit_cppflags)
tests_unit_test_standard_LDADD = $(unit_borrower)
tests_unit_test_tell_CPPFLAGS = $(unit_cppflags)
tests_unit_test_tell_LDADD = $(unit_borrower)
tests_unit_test_store_CPPFLAGS = $(unit_cppflags)
tests_unit_test_store_LDADD = $(unit_lender)
tests_unit_test_store_adopt_CPPFLAGS = $(unit_cppflags)
tests_unit_test_store_adopt_LDADD = $(unit_lender)
tests_unit_test_store_late_CPPFLAGS = $(unit_cppflags)
tests_unit_test_store_late_LDADD = $(unit_lender)
tests_unit_test_store_map_CPPFLAGS = $(unit_cppflags)
tests_unit_test_store_map_LDADD = $(unit_lender)
tests_unit_test_store_size_CPPFLAGS = $(unit_cppflags)
tests_unit_test_store_size_LDADD = $(unit_lender)
tests_unit_test_stream_CPPFLAGS = $(unit_cppflags) $(GNUTLS_CFLAGS)
tests_unit_test_stream_LDADD = $(unit_lender) $(GNUTLS_LIBS)
tests_unit_test_tls_CPPFLAGS = $(unit_cppflags) $(GNUTLS_CFLAGS)
tests_unit_test_tls_LDADD = $(unit_lender) $(GNUTLS_LIBS)
tests_unit_test_vacate_CPPFLAGS = $(unit_cppflags)
tests_unit_test_vacate_LDADD = $(unit_lender)
tests_unit_test_words_CPPFLAGS = $(unit_cppflags)
tests_unit_test_words_LDADD = common/libcommon.la $(CMOCKA_LIBS)
endif

# The unit tests once more, under valgrind; but for those whose threads spin
# (it runs one at a time), whose parts have to meet in time, that go through every byte, that forbid its own calls, that count
# what it replaces, or that have a process which shares their memory, as it does not know.
check-valgrind: all
	$(MAKE) check TESTS="$(filter-out %/test-call %/test-engine-leader %/test-filter %/test-link-spill %/test-pool-threads %/test-seal-path %/test-seal-threads %/test-session-cut,$(unit_tests))" \
	  LOG_COMPILER="timeout 100 $(abs_builddir)/libtool --mode=execute $(VALGRIND) -q \
	    --fair-sched=yes --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite"
.PHONY: check-valgrind
