#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# /init of the guest: brings the machine up, runs the scenario that the host sent along
# (/run/scenario, sh), and powers off. Scenarios are made of the functions below.
# ttyS0 is the console: kernel, programs, and our "guest: ..." lines. ttyS1 is the line to the host.

nbdkit_pid=''
lender=10.0.2.2 # the host, as seen from here
device=/dev/nbd0 # Farpage's
wiring='' lender_port='' gateway_port='' lenders='' copies=1 seal=on # the scenario begins with some of these
# What a host needs that swaps (docs/zero-memory.md): the first two and no scheduler in every wiring, the
# rest through a process of its own. The scenario may have other values, to find out what each is worth.
min_free_kib=8192 boost=0 overcommit=1 sectors_kib=128 threads=4 realtime=true scheduler=none
# Whose the first shortage of memory is. Where pages are kept in generations (lru_gen), all of them are young then, and
# nothing can go before somebody has looked at all of them. Whoever comes meanwhile finds nothing to free, and on a machine as
# slow as an emulated one that may take so long that the OOM killer is called, with all swap free (docs/zero-memory.md).
# One process alone looks itself.
first=one
# The kernel's own read-ahead: single pages, which the recipe wants for the sake of lost ones, take these
# emulated machines several times as long.
cluster=3

# Asks the host to run one of its shell functions, and prints what that prints (one line).
host() { # function [argument...]
    echo "$*" >&3
    IFS= read -r answer <&3
    printf '%s\n' "$answer"
}

say() { echo "guest: $*"; }

fail() {
    say "FAILED: $*"
    dmesg | tail -n 150 # who was killed for lack of memory, and what there was
    # The same in few lines, behind all of that: only the end of a long log is kept.
    dmesg | grep -E 'invoked oom|active_anon:|slab_reclaimable|DMA(32)? free:|Free swap|Out of memory' | tail -n 12
    finish 1
}

finish() { # status
    say "exit $1"
    poweroff -f
    sleep 60 # it takes a moment
}

wait_for() { # seconds what command...: until the command succeeds; every look takes memory
    tries=$1 what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || fail "waited in vain for $what"
        sleep 1
    done
}

# The ways to a block device, by the commands that the documentation gives.
attach_tcp() { # port export
    nbd-client "$lender" "$1" /dev/nbd0 -N "$2" -swap -timeout 0 || fail 'nbd-client (TCP)'
}

attach_unix() {
    nbd-client -unix /run/nbd.sock /dev/nbd0 -N '' -swap -timeout 0 || fail 'nbd-client (unix)'
    [ -z "$sectors_kib" ] || echo "$sectors_kib" >/sys/block/nbd0/queue/max_sectors_kb
}

serve() { # nbdkit's arguments: a server on this host, whose socket nbd.ko will use
    [ -z "$overcommit" ] || sysctl -q "vm.overcommit_memory=$overcommit"
    nbdkit -f -U /run/nbd.sock ${threads:+-t "$threads"} "$@" &
    nbdkit_pid=$!
    wait_for 20 nbdkit test -S /run/nbd.sock
}

# The same without nbdkit and nbd.ko: the device is farpage-front's own.
serve_front() { # KEY=VALUE...
    [ -d /sys/module/ublk_drv ] || insmod /run/ublk_drv.ko || fail ublk_drv
    [ -z "$overcommit" ] || sysctl -q "vm.overcommit_memory=$overcommit"
    farpage-front "$@" &
    nbdkit_pid=$! device=/dev/ublkb0
    wait_for 20 $device test -b $device
}

# And with nbd.ko, where the kernel has no ublk.
serve_front_unix() { # KEY=VALUE...
    farpage-front --face nbd --listen unix:/run/nbd.sock "$@" &
    nbdkit_pid=$!
    wait_for 20 farpage-front test -S /run/nbd.sock
    attach_unix
}

# What that server has in memory, and how much of that is locked (KiB).
say_memory() {
    [ -z "$nbdkit_pid" ] || say "nbdkit: $(awk '$1 == "Rss:" || $1 == "Locked:" {
        printf "%s=%s ", tolower(substr($1, 1, length($1) - 1)), $2 }' "/proc/$nbdkit_pid/smaps_rollup")"
}

# Never less than it is: a larger host has more of its own.
reserve() { # KiB
    [ "$(cat /proc/sys/vm/min_free_kbytes)" -ge "$1" ] || sysctl -q "vm.min_free_kbytes=$1"
}

prepare_host() {
    sysctl -q "vm.page-cluster=$cluster"
    [ -z "$min_free_kib" ] || reserve "$min_free_kib"
    [ -z "$boost" ] || sysctl -q "vm.watermark_boost_factor=$boost"
}

# An interrupted request keeps its number where there is no I/O scheduler (docs/zero-memory.md).
without_scheduler() { [ -z "$scheduler" ] || echo "$scheduler" >"/sys/block/${device#/dev/}/queue/scheduler"; }

attach() { # by $wiring
    prepare_host
    case $wiring in
        direct)
            attach_tcp "$lender_port" 'host?claim=guest'
            ;;
        gateway)
            attach_tcp "$gateway_port" ''
            ;;
        plugin | plugin-tls)
            [ "$wiring" = plugin ] || set -- tls-psk=/run/keys tls-username=host
            serve farpage ${realtime:+"realtime=$realtime"} "lender=$lender:$lender_port" pool=host "$@"
            [ "$(cat "/proc/$nbdkit_pid/oom_score_adj")" = -1000 ] || fail 'the OOM killer may end nbdkit'
            attach_unix
            ;;
        front | front-unix)
            # shellcheck disable=SC2046,SC2086
            set -- pool=host copies="$copies" seal="$seal" $(printf 'lender=%s ' $lenders)
            if [ "$wiring" = front ]; then serve_front "$@"; else serve_front_unix "$@"; fi
            ;;
        stock)
            serve nbd "hostname=$lender" "port=$lender_port" 'export=host?claim=guest'
            attach_unix
            ;;
    esac
    without_scheduler
}

# Farpage first, the disk after it.
swap_disk() {
    mkswap /dev/vdb >/dev/null || fail 'mkswap on the disk'
    swapon -p 10 /dev/vdb || fail 'swapon of the disk'
}

swap_farpage() {
    mkswap $device >/dev/null || fail 'mkswap on Farpage'
    swapon -p 50 --discard $device || fail 'swapon of Farpage'
    [ "$first" != one ] || swapcheck --processes 1 --size "$(memory_kib MemTotal)K" --passes f --hang 60 --on-hang 9mtb >/dev/null || fail 'the first shortage'
}

swap_used_kib() { # device
    awk -v d="$1" '$1 == d { print $4 }' /proc/swaps
}

memory_kib() { # field of /proc/meminfo
    awk -v f="$1:" '$1 == f { print $2 }' /proc/meminfo
}

start() {
    mount -t proc proc /proc
    mount -t sysfs sys /sys
    mount -t tmpfs tmp /tmp
    exec 3<>/dev/ttyS1 # once: what arrives before a port is open is lost
    stty raw -echo <&3
    ifconfig lo 127.0.0.1 up
    ifconfig eth0 10.0.2.15 up
    wait_for 20 'the card' grep -q 1 /sys/class/net/eth0/carrier
    route add default gw 10.0.2.2
    say "up: Linux $(uname -r), $(memory_kib MemTotal) KiB"
}

export PATH=/usr/sbin:/usr/bin
start
# shellcheck disable=SC1091
. /run/scenario
finish 0
