#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# README's quick start, as printed, in two guests on one wire: one lends, the other swaps onto
# it. What they install beforehand comes with units-image.sh.
time_limit=900
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires qemu-system-x86_64 busybox cpio mke2fs apt-get dpkg-deb
[ "$(id -u)" = 0 ] || { echo 'SKIPPED: not root' >&2; exit 77; }
kernel=${KERNEL-6.12}
"$FARPAGE_SRCDIR/tests/vm/kernels.sh" "$kernel" || exit
"$FARPAGE_SRCDIR/tests/units-image.sh" "$kernel" || exit
mkdir "$tmp/examples"
"$FARPAGE_SRCDIR/tests/docs-extract" "$tmp/examples"

# boot HOST ADDRESS MIB NETDEV: sets $guest_pid; what it says is in $tmp/HOST/said. The scenario is on
# standard input, and begins when HOST has its ADDRESS and knows the lender.
boot() {
    mkdir -p "$tmp/$1/extra"
    for step in lend borrow look stop; do
        cp "$tmp"/examples/*-quick-$step "$tmp/$1/extra/quick-$step"
    done
    {
        echo "address=$2"
        cat - <<'SCENARIO'
fail() {
    echo "FAILED: $*"
    systemctl --no-block poweroff -f
    exit 1
}
wait_for() { # COMMAND...
    left=60
    until "$@" >/dev/null 2>&1; do
        [ $((left -= 1)) -gt 0 ] || fail "waited in vain for: $*"
        sleep 1
    done
}
printf '[Match]\nName=e*\n[Network]\nAddress=%s/24\nLinkLocalAddressing=no\n' "$address" \
    >/etc/systemd/network/net.network
systemctl restart systemd-networkd
wait_for grep -qF "$address" /proc/net/fib_trie
printf '127.0.0.1 localhost\n192.0.2.10 lender\n' >/etc/hosts
. /run/steps
SCENARIO
    } >"$tmp/$1/extra/scenario"
    cat >"$tmp/$1/extra/steps"
    (cd "$tmp/$1" && find extra | cpio -o -H newc --quiet) |
        cat "$FARPAGE_BUILDDIR/tests/units/initrd-$kernel" - >"$tmp/$1/initrd"
    timeout 800 qemu-system-x86_64 -accel tcg,thread=multi -cpu max,-erms,-fsrm,-la57 -smp 2 -m "$3" \
        -nodefaults -display none -no-reboot \
        -kernel "$FARPAGE_BUILDDIR/tests/vm/kernel-$kernel/vmlinuz" -initrd "$tmp/$1/initrd" \
        -append 'console=ttyS0 panic=-1 mitigations=off quiet systemd.log_color=0' \
        -drive "file=$FARPAGE_BUILDDIR/tests/units/root-$kernel.img,format=raw,if=virtio,snapshot=on" \
        -netdev "stream,id=net,addr.type=unix,addr.path=$tmp/wire,server=$4" \
        -device "virtio-net-pci,netdev=net,romfile=,mac=52:54:00:00:00:${2##*.}" \
        -serial "file:$tmp/$1/console" -serial "file:$tmp/$1/said" &
    guest_pid=$!
    cleanup "kill $guest_pid 2>/dev/null"
}

ended() { grep -qsE '^(ok: done|FAILED)' "$tmp"/*/said; }
look() {
    tail -n 30 "$tmp"/*/said "$tmp"/*/console
    fail "$*"
}

boot lender 192.0.2.10 2560 on <<'STEPS'
sh -eux /run/quick-lend || fail 'the lender ended'
STEPS
wait_for 10 test -S "$tmp/wire"
boot web 192.0.2.11 256 off <<'STEPS'
follow() { sh -eux "/run/quick-$1" >/tmp/said 2>&1 || fail "$1: $(cat /tmp/said)"; }
used() { nbdinfo nbd://lender/web 2>/dev/null | sed -n 's/.* used=\([0-9]*\).*/\1/p'; }
wait_for nbdinfo nbd://lender/web
follow borrow
echo 'ok: it swaps'
# 12 MB in a tmpfs, by somebody who may have 5 MiB.
cat >/run/systemd/system/put-out.service <<'UNIT'
[Service]
Type=oneshot
MemoryMax=5M
ExecStart=sh -c 'seq 1 9000000 2>/dev/null | head -c 12000000 >/dev/shm/numbers'
UNIT
systemctl daemon-reload
systemctl start put-out || fail 'nothing was put out'
follow look
grep -q 'used=' /tmp/said || fail "no figures: $(cat /tmp/said)"
[ "$(used)" -gt 5000000 ] || fail "the lender has only $(used) bytes"
echo "ok: the lender has $(used) bytes"
follow stop
[ "$(used)" = 0 ] || fail "the lender still has $(used) bytes"
[ "$(sha256sum </dev/shm/numbers)" = "$(seq 1 9000000 2>/dev/null | head -c 12000000 | sha256sum)" ] ||
    fail 'the pages are not what they were'
echo 'ok: done, and every page is back'
STEPS
wait_for 780 ended
cat "$tmp/web/said"
! grep -qs '^FAILED' "$tmp"/*/said || look "$(grep -h '^FAILED' "$tmp"/*/said)"
