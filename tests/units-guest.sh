#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A guest that boots systemd swaps through the installed units. Stopping any of them, and
# powering off, brings every page back first; see units-scenario.
time_limit=1500
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires qemu-system-x86_64 busybox cpio mke2fs apt-get dpkg-deb
[ "$(id -u)" = 0 ] || { echo 'SKIPPED: not root' >&2; exit 77; }
kernel=${KERNEL-6.12}
"$FARPAGE_SRCDIR/tests/vm/kernels.sh" "$kernel" || exit
"$FARPAGE_SRCDIR/tests/units-image.sh" "$kernel" || exit

lender --lend 640M --pool direct=256M --pool plugin=256M --pool front=128M
mkdir "$tmp/extra"
{
    echo "lender_port=$port etc=$(sed -n 's|^EnvironmentFile=-*\(.*\)/%i.env|\1|p' "$FARPAGE_BUILDDIR/units/farpage@.service")"
    cat "$FARPAGE_SRCDIR/tests/units-scenario"
} >"$tmp/extra/scenario"
mkdir "$tmp/examples"
"$FARPAGE_SRCDIR/tests/docs-extract" "$tmp/examples"
cp "$tmp"/examples/*-guest-* "$tmp"/examples/*-env-* "$tmp/extra"
(cd "$tmp" && find extra | cpio -o -H newc --quiet) |
    cat "$FARPAGE_BUILDDIR/tests/units/initrd-$kernel" - >"$tmp/initrd"

timeout 1400 qemu-system-x86_64 -accel tcg,thread=multi -cpu max,-erms,-fsrm,-la57 -smp 2 -m 256 \
    -nodefaults -display none -no-reboot \
    -kernel "$FARPAGE_BUILDDIR/tests/vm/kernel-$kernel/vmlinuz" -initrd "$tmp/initrd" \
    -append 'console=ttyS0 panic=-1 mitigations=off quiet systemd.show_status=1 systemd.log_color=0' \
    -drive "file=$FARPAGE_BUILDDIR/tests/units/root-$kernel.img,format=raw,if=virtio,snapshot=on" \
    -netdev user,id=net -device virtio-net-pci,netdev=net,romfile= \
    -serial "file:$tmp/console" -serial "file:$tmp/said" &
qemu_pid=$!
cleanup "kill $qemu_pid 2>/dev/null"
look() {
    cat "$tmp/said"
    tail -60 "$tmp/console"
    fail "$*"
}
since=$(date +%s)
over() { grep -qE '^(ok: powering off|FAILED)' "$tmp/said" || ! kill -0 "$qemu_pid" 2>/dev/null; }
until over; do
    [ "$(date +%s)" -lt $((since + 1300)) ] || look 'the guest did not come to its end'
    sleep 1
done
since=$(date +%s)
wait_for 200 sh -c "! kill -0 $qemu_pid 2>/dev/null"
seconds=$(($(date +%s) - since))

! grep -q '^FAILED' "$tmp/said" || look "$(grep '^FAILED' "$tmp/said")"
grep -q 'reboot: Power down' "$tmp/console" || look 'it did not power off'
grep -q '^ok: all of it came back' "$tmp/said" || look 'pages were lost at power-off'
# Swap first, then what carries it.
sed -n '/Stopping farpage-swap/,$p' "$tmp/console" | grep -E 'Stopped|Stopping' >"$tmp/order"
line_of() { grep -nE "$1" "$tmp/order" | sed -n "${2}s/:.*//p"; }
[ "$(line_of 'Stopped farpage-swap@t' 1)" -lt "$(line_of 'Stopping farpage@t' 1)" ] ||
    look 'the plugin was stopped before its swap'
[ "$(line_of 'Stopped farpage-swap@f' 1)" -lt "$(line_of 'Stopping farpage-front@f' 1)" ] ||
    look 'the front was stopped before its swap'
[ "$(line_of 'Stopped farpage-swap@' '$')" -lt "$(line_of 'Stopping systemd-networkd.service' 1)" ] ||
    look 'the network was stopped before the swap'
cat "$tmp/said"
echo "ok: powered off in $seconds s"
