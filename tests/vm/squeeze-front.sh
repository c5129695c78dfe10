#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# squeeze-front.sh: [BOOTS=1] [KERNELS=6.12] [FRONTS="front:2"] [SEAL=on] [SIZE=288M] [MEMORY_MIB=128] [RESULTS=FILE]
#                   [FULL=yes: all of FRONTS, kernel 6.1 too, 400 MiB, and the limits of the whole series]
# A guest of 128 MiB without other swap writes a set of twice the RAM and more and reads it back; swapoff, swapon,
# and once more. It swaps onto farpage-front, sealed, with as many lenders as FRONTS says (two copies if there is more
# than one), by ublk (front:N) or by a unix socket and nbd.ko (front-unix:N, for kernels without ublk), or, to compare,
# straight onto a lender (direct:1). Every other boot is on a loaded host, with two busy loops beside QEMU; every fourth
# has one processor. A boot is lost when it hangs for 30 s, when a page is wrong, or when a process is killed.
. "$FARPAGE_SRCDIR/tests/vm/boot.sh"
. "$FARPAGE_SRCDIR/tests/vm/lenders.sh"
. "$FARPAGE_SRCDIR/tests/vm/series.sh"

BOOT_SECONDS=600
size=${SIZE:-${FULL:+400M}}
size=${size:-288M}
given="$given|lenders|copies|seal"

one_boot() { # wiring lenders key
    wiring=$1 copies=$((1 + ($2 > 1))) seal=${SEAL-on}
    some_lenders "$2"
    lender_port=${lenders##*:}
    [ "$wiring" != front ] || take_ublk || { echo "kernel $KERNEL has no ublk"; return; }
    case $how in *loaded*) load_host ;; esac
    guest <<'EOT'
attach
say "min_free_kbytes=$(cat /proc/sys/vm/min_free_kbytes)"
for _ in 1 2; do
    first=all
    swap_farpage
    swapcheck --size "$size" --passes fF --hang 30 --on-hang 9mtb || fail swapcheck
    timeout 200 swapoff $device || fail swapoff
done
EOT
    record "$3"
}

series() { # kernel wiring lenders
    KERNEL=$1
    vm_prepare
    for boot in $(seq "${BOOTS-1}"); do
        how='' CPUS=2
        [ $((boot % 2)) = 1 ] || how=', loaded'
        [ $((boot % 4)) != 0 ] || how="$how, one processor" CPUS=1
        key="$(sed 's/linux-image-//' "$cache/kernel-$KERNEL/package") $MEMORY_MIB MiB $size seal=${SEAL-on} $2:$3 $boot$how"
        recorded "$key" || one_boot "$2" "$3" "$key"
    done
}

# The longest stall of a wiring with a kernel, in milliseconds.
longest() { grep "^$1\..* $2 " "$RESULTS" | sed -n 's/.*, stalls \([0-9]*\) ms.*/\1/p' | sort -n | tail -n 1; }

for kernel in ${KERNELS-6.12${FULL:+ 6.1}}; do
    all='direct:1 front:1 front:2 front:3'
    [ "$kernel" = 6.12 ] || all='direct:1 front-unix:1 front-unix:2'
    [ -n "${FULL-}" ] || all=front:2
    for front in ${FRONTS-$all}; do
        series "$kernel" "${front%:*}" "${front#*:}"
        [ -z "${FULL-}" ] || echo "$kernel $front: longest stall $(longest "$kernel" "$front") ms"
    done
done
[ $lost = 0 ] || fail "$lost lost"
