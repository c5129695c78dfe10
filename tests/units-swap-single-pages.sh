#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# attach has the kernel read single pages: a read-ahead of eight in which one is lost fails, and kills
# who waits for the other seven.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/units-host.sh"
farpage_swap attach x LENDER=lender || fail "$words"
[ "$(cat /proc/sys/vm/page-cluster)" = 0 ] || fail "it reads ahead: $(cat /proc/sys/vm/page-cluster)"
case $words in
*'vm.page-cluster is 0 now (was 3): otherwise one lost page takes the 7 next to it along'*) ;;
*) fail "$words" ;;
esac
farpage_swap detach x || fail "$words"
farpage_swap attach x LENDER=lender || fail "$words"
case $words in *page-cluster*) fail "told twice: $words" ;; esac
