#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# boot.sh, to be sourced (sh): starts lenders and gateways on this host and boots guests.
#
#   wire WIRING SIZE          a lender with a pool of SIZE, and the gateway if WIRING has one:
#                             direct, plugin, plugin-tls or gateway, and stock for nbdkit's own
#                             proxy; what an earlier wire started is ended
#   guest <<'EOF' ... EOF     boots $KERNEL (6.1 or 6.12), runs the scenario that stands on standard
#                             input (see guest-init.sh), and is true if it ended well. The console
#                             is then in $dir/console. The guest may call the functions below.
#
# The variables named in $given go to the scenario, and so do files put into $dir/extra (to /run).
# Everything started is ended when the script exits; $dir is kept (and named) if it failed.
set -u

KERNEL=${KERNEL-6.12}
MEMORY_MIB=${MEMORY_MIB-128}
CARD=${CARD-virtio-net-pci}
BOOT_SECONDS=${BOOT_SECONDS-900}
THREAD=${THREAD-multi} # single: one of the host's processors plays both of the guest's, in turn
vm=$FARPAGE_SRCDIR/tests/vm
cache=$FARPAGE_BUILDDIR/tests/vm
dir=$(mktemp -d "${TMPDIR:-/tmp}/farpage-vm.XXXXXX")
given='wiring|lender_port|gateway_port|size|passes|sample|limit|min_free_kib|boost|sectors_kib|threads|realtime|scheduler|cluster'
pids=''
status=0 begin=$(date +%s)
trap 'status=$?; vm_end; exit $status' EXIT
trap 'exit 130' INT TERM

# nbdkit does not end while it has a client, and one whose guest is gone has it for ever.
end_all() {
    pids="$(cat "$dir"/*.pid 2>/dev/null) $pids" # also those that a guest had started anew
    for pid in $pids; do kill "$pid" 2>/dev/null; done
    for pid in $pids; do
        for _ in 1 2 3 4 5 6 7 8 9 10; do
            kill -0 "$pid" 2>/dev/null && sleep 0.1
        done
        kill -KILL "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    pids=''
    rm -rf "$dir"/*.pid "${state:-$dir/state}"
}

vm_end() {
    end_all
    [ -z "${net_pid-}" ] || kill "$net_pid" 2>/dev/null
    echo "over after $(($(date +%s) - begin)) s"
    [ "$status" = 0 ] || [ "$status" = 77 ] || { echo "kept: $dir"; return; }
    rm -rf "$dir"
}

skip() { echo "SKIP: $*"; exit 77; }
fail() { echo "FAILED: $*"; exit 1; }

requires() { # program...
    for p; do command -v "$p" >/dev/null || skip "needs $p"; done
}

wait_until() { # what command...: 30 s at most
    what=$1 tries=300
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || fail "waited in vain for $what"
        sleep 0.1
    done
}

free_port() {
    port=$((20000 + ($(od -An -N2 -tu2 /dev/urandom) % 12000)))
    while listening "$port"; do port=$((port + 1)); done
    echo "$port"
}

listening() { $in_net ss -Hltn "sport = :$1" | grep -q .; }

# A network of the guests' own: this end of a tap device, in a namespace that lasts as long as a
# process in it. Where that may not be had, QEMU plays the network, which costs half of the CPU time.
# Sets $in_net, to be put before commands, $host_address, where lenders listen, and $netdev.
vm_net() {
    [ -z "${netdev-}" ] || return 0
    in_net='' host_address=127.0.0.1 netdev=user,id=net
    # shellcheck disable=SC2016
    unshare -n sh -c 'ip link set lo up && ip tuntap add tap0 mode tap && ip address add 10.0.2.2/24 dev tap0 &&
        ip link set tap0 up && echo made && exec sleep 86400' >"$dir/net" 2>"$dir/net.log" &
    net_pid=$!
    until grep -qs made "$dir/net"; do
        kill -0 $net_pid 2>/dev/null || return 0
        sleep 0.05
    done
    in_net="nsenter -t $net_pid -n" host_address=10.0.2.2
    netdev=tap,id=net,ifname=tap0,script=no,downscript=no
}

start() { # program [argument...]: in the background, ended with the test; sets $started
    $in_net "$@" </dev/null >>"$dir/${1##*/}.log" 2>&1 &
    started=$!
    pids="$started $pids"
}

# The lender: farpaged; with LENDER=kept one whose pools outlive it, for restart_lender; with
# LENDER=memory the stock server, to tell whose fault something is.
lender() { # pool size: sets $lender_port
    lender_port=$(free_port) pool="$1=$2" keeps=''
    case ${LENDER-farpaged} in
        memory) start nbdkit -f -i "$host_address" -p "$lender_port" memory "$2" ;;
        kept)
            state=$(mktemp -d /dev/shm/farpage-vm.XXXXXX)
            keeps="--state-dir $state/pools"
            start_farpaged
            ;;
        *) start_farpaged ;;
    esac
    echo "$started" >"$dir/lender.pid"
    wait_until "the lender ($dir/*.log)" listening "$lender_port"
}

start_farpaged() {
    # shellcheck disable=SC2086 # words
    start farpaged --listen "$host_address:$lender_port" $secured $keeps --lend 4G --pool "$pool"
}

# Ends the lender and starts it again, as an upgrade does; to be called by the guest, and answered when
# the pool's owner came again.
restart_lender() { # signal
    came=$(owner_came)
    kill "-$1" "$(cat "$dir/lender.pid")"
    wait_until 'the end of the lender' lender_ended
    start_farpaged
    echo "$started" >"$dir/lender.pid"
    wait_until 'the owner' owner_came_again
    echo back
}

lender_ended() { # or is this shell's to be waited for
    ! grep -qs '^State:[[:space:]]*[^Z[:space:]]' "/proc/$(cat "$dir/lender.pid")/status"
}
owner_came() { grep -c 'opens pool.*as its owner' "$dir/farpaged.log"; }
owner_came_again() { [ "$(owner_came)" -gt "$came" ]; }

lender_used_kib() { # what the lender's process occupies, and the most it ever did
    awk '/^VmRSS:/ { print $2 }' "/proc/$(cat "$dir/lender.pid")/status"
}

lender_used_max_kib() {
    awk '/^VmHWM:/ { print $2 }' "/proc/$(cat "$dir/lender.pid")/status"
}

gateway() { # nbdkit with the plugin on this host; sets $gateway_port
    gateway_port=$(free_port)
    start "$FARPAGE_BUILDDIR/run" nbdkit -f -i "$host_address" -p "$gateway_port" \
        farpage "lender=$host_address:$lender_port" pool=host
    wait_until "the gateway ($dir/*.log)" listening "$gateway_port"
}

# A key that lender and guest share; sets $secured.
share_key() {
    mkdir -p "$dir/extra"
    (umask 077 && echo "host:$(od -An -N32 -tx1 -v /dev/urandom | tr -d ' \n')" >"$dir/extra/keys")
    secured="--tls-psk $dir/extra/keys"
}

wire() { # wiring size
    vm_net
    end_all
    wiring=$1 secured=--allow-plaintext
    [ "$wiring" != plugin-tls ] || share_key
    lender host "$2"
    [ "$wiring" != gateway ] || gateway
}

# The module for farpage-front, to the guest's /run; it may lack one.
take_ublk() {
    vm_prepare
    mkdir -p "$dir/extra"
    cp "$cache/kernel-$KERNEL/more/ublk_drv.ko" "$dir/extra"
}

vm_prepare() {
    requires qemu-system-x86_64 nbdkit nbd-client busybox mke2fs cpio ss ip unshare nsenter
    "$vm/kernels.sh" "$KERNEL" && "$vm/image.sh" "$KERNEL" || exit
}

# The common initramfs, and behind it what goes to the guest's /run: the scenario from standard
# input, and whatever the test left in $dir/extra.
vm_initrd() {
    mkdir -p "$dir/extra"
    { set | grep -E "^($given)="; cat; } >"$dir/extra/scenario"
    (cd "$dir" && find extra | cpio -o -H newc --quiet) | cat "$cache/initrd-$KERNEL" - >"$dir/initrd"
}

# Without the string instructions that copy a byte at a time when emulated, and the fifth level of page tables.
vm_qemu() {
    # shellcheck disable=SC2086 # $in_net is words
    exec timeout "$BOOT_SECONDS" $in_net qemu-system-x86_64 -accel "tcg,thread=$THREAD" -cpu max,-erms,-fsrm,-la57 -smp "${CPUS-2}" -m "$MEMORY_MIB" \
        -nodefaults -display none -no-reboot -kernel "$cache/kernel-$KERNEL/vmlinuz" -initrd "$dir/initrd" \
        -append "console=ttyS0 panic=-1 loglevel=5 mitigations=off sysrq_always_enabled=1 ${APPEND-}" \
        -drive "file=$cache/root.img,format=raw,if=virtio,readonly=on" \
        -drive "file=$dir/disk,format=raw,if=virtio,cache=unsafe" \
        -netdev "$netdev" -device "$CARD,netdev=net,romfile=" \
        -serial "file:$dir/console" -serial "pipe:$dir/line" -monitor "unix:$dir/monitor,server=on,wait=off"
}

# Answers the guest's calls until its end closes the line.
vm_answer() {
    while read -r call; do
        $call | head -n 1 | grep . || echo
    done <"$dir/line.out" >"$dir/line.in"
}

vm_boot() {
    rm -f "$dir/console" "$dir"/line.* "$dir/disk"
    truncate -s 1G "$dir/disk"
    mkfifo "$dir/line.in" "$dir/line.out"
    (vm_qemu) &
    qemu_pid=$! others=$pids
    pids="$qemu_pid $pids"
    vm_answer
    wait "$qemu_pid" || true
    pids=$others
    sed -i 's/\r//g' "$dir/console"
}

# QEMU's emulation of several CPUs now and then lets one run code that another is just patching
# (a static branch). That says nothing about what is tested here: boot again.
vm_misemulated() { grep -q 'Oops: int3' "$dir/console"; }

guest() {
    vm_prepare
    vm_initrd
    vm_boot
    for _ in 1 2 3; do
        vm_misemulated || break
        echo 'guest: boots again: QEMU tripped over code that was being patched' >&2
        vm_boot
    done
    grep -qx 'guest: exit 0' "$dir/console"
}

said() { # name: the value after name= in the scenario's last "guest: " line that has it
    sed -n "s/^guest: .*\<$1=\([^ ]*\).*/\1/p" "$dir/console" | tail -n 1
}

result() { # name: the value after name= in swapcheck's last line
    sed -n "s/^swapcheck: [a-zA-Z]* .*\<$1=\([0-9.]*\).*/\1/p" "$dir/console" | tail -n 1
}
