#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# attach says in one line what of docs/zero-memory.md this host lacks, and nothing when it lacks nothing.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/units-host.sh"
said() { # COUNT WORDS
    [ "$(grep -c 'may hang when it runs out of memory' "$tmp/words")" = "$1" ] || fail "not $1 line: $words"
    case $words in *"$2"*) ;; *) fail "not '$2': $words" ;; esac
}
swaps() { # [NAME=VALUE...]
    farpage_swap attach x "$@" || fail "$words"
    cp "$tmp/words" "$tmp/attached"
    farpage_swap detach x || fail "$words"
    mv "$tmp/attached" "$tmp/words"
    words=$(cat "$tmp/words")
}

# Straight to a lender: the reserve, 8192 KiB or twice the largest send buffer.
kernel vm/min_free_kbytes 2048
kernel vm/watermark_boost_factor 0
swaps LENDER=lender
said 1 'set vm.min_free_kbytes to 8192 (now 2048)'
kernel vm/min_free_kbytes 8192
kernel vm/watermark_boost_factor 15000
swaps LENDER=lender
said 1 'set vm.watermark_boost_factor to 0 (now 15000)'
kernel vm/watermark_boost_factor 0
swaps LENDER=lender
said 0 ''
kernel net/ipv4/tcp_wmem '4096 16384 8388608'
swaps LENDER=lender
said 1 'set vm.min_free_kbytes to 16384 (now 8192)'
kernel vm/min_free_kbytes 16384
swaps LENDER=lender
said 0 ''
# Nothing leaves by a network card.
kernel vm/min_free_kbytes 2048
swaps LENDER=unix:/run/lender.sock
said 0 ''

# Through the plugin.
kernel vm/watermark_boost_factor 15000
mkdir -p /run/farpage
# shellcheck disable=SC2016
fake nbd-client 'case $1 in
-l) echo "0123456789abcdef0123456789abcdef:" ;;
-d) rm "/sys/block/${2#/dev/}/pid" ;;
*) echo $$ >/sys/block/nbd0/pid ;;
esac'
python3_nbd -c 'import socket; socket.socket(socket.AF_UNIX).bind("/run/farpage/x.sock")'
swaps LENDER=
said 1 'set vm.min_free_kbytes to 16384 (now 2048), vm.watermark_boost_factor to 0 (now 15000)'
kernel vm/min_free_kbytes 16384
swaps LENDER=
said 1 'set vm.watermark_boost_factor to 0 (now 15000)'
kernel vm/watermark_boost_factor 0
swaps LENDER=
said 0 ''

# How long a network may be silent.
kernel net/ipv4/tcp_retries2 15
swaps LENDER=lender
said 0 'with net.ipv4.tcp_retries2 = 255 (now 15) it takes 8 hours'
