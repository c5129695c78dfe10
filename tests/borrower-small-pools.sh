#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What is offered in whole MiB is used: pools of odd sizes take as many copies as go into them, and
# a small spill takes what it has room for.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires nbdkit nbdsh nbdinfo
lender --lend 40M --pool a=40M
port1=$port pid1=$lender_pid
lender --lend 33M --pool a=33M
port2=$port
lender --lend 21M --pool a=21M
port3=$port
borrower "lender=127.0.0.1:$port1" "lender=127.0.0.1:$port2" "lender=127.0.0.1:$port3" copies=2
uri="nbd+unix:///?socket=$sock"
size=$(nbdinfo --size "$uri")
[ "$size" = $((47 << 20)) ] || fail "$size bytes, and not half of 94 MiB"
nbdsh_at "$uri" <<'EOF2'
for at in range(0, 47 << 20, 1 << 20): h.pwrite((b"%08d" % at + bytes(4087) + b".") * 256, at)
EOF2
[ $(($(used_at "$port1" a) + $(used_at "$port2" a) + $(used_at "$port3" a))) = $((94 << 20)) ] || fail 'not two copies'
kill -KILL "$pid1"
nbdsh_at "$uri" <<'EOF2'
for at in range(0, 47 << 20, 1 << 20): assert h.pread(1 << 20, at) == (b"%08d" % at + bytes(4087) + b".") * 256, at
EOF2
kill "$borrower_pid"
wait "$borrower_pid" || fail "status $?"

fallocate -l 16M "$tmp/spill"
lender --lend 21M --pool a=32M,thin
borrower "lender=127.0.0.1:$port" "spill=$tmp/spill" size=32M
nbdsh_at "nbd+unix:///?socket=$sock" <<'EOF2'
for at in range(32): h.pwrite((b"%08d" % at + bytes(4087) + b".") * 256, at << 20)
for at in range(32): assert h.pread(1 << 20, at << 20) == (b"%08d" % at + bytes(4087) + b".") * 256, at
EOF2
