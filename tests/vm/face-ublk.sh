#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The ublk face before a real kernel: what goes in comes out, late answers, errors and the end included; what it says
# when it cannot be had; and that it leaves nothing behind. [KERNELS=6.12] [FULL=yes: the full kernel too]
. "$FARPAGE_SRCDIR/tests/vm/boot.sh"

[ -e "$cache/ublkram" ] || skip 'built without liburing'
MEMORY_MIB=512
for KERNEL in ${KERNELS-6.12${FULL:+ 6.12-full}}; do
    vm_prepare
    vm_net
    mkdir -p "$dir/extra"
    cp "$cache/kernel-$KERNEL/more/ublk_drv.ko" "$dir/extra" || skip "kernel $KERNEL has no ublk"
    guest <<'EOT' || { cat "$dir/console"; fail "kernel $KERNEL"; }
b=/dev/ublkb0 queue=/sys/block/ublkb0/queue
no_ublk() { # WORDS
    ublkram -n 0 1024 >/tmp/no 2>&1 && fail "it started: $1"
    grep -q "$1" /tmp/no || fail "not '$1': $(cat /tmp/no)"
    say "$(cat /tmp/no)"
}
no_front() { # WORDS COMMAND...
    words=$1
    shift
    "$@" size=4M swap=no >/tmp/no 2>&1 && fail "it started: $*"
    [ "$(wc -l </tmp/no)" = 1 ] && grep -q "error: ublk: .*$words" /tmp/no || fail "not '$words': $(cat /tmp/no)"
    say "$(cat /tmp/no)"
}
takes() { # FACE WORDS COMMAND...: farpage-front with --face auto
    face=$1 words=$2
    shift 2
    rm -f /tmp/no
    "$@" farpage-front --face auto --listen unix:/tmp/auto size=4M swap=no >/tmp/no 2>&1 & pid=$!
    wait_for 30 "$face" grep -q ' is there: 4 MiB' /tmp/no
    grep -q "the face is $face: .*$words" /tmp/no || fail "not $face: $(cat /tmp/no)"
    say "$(grep 'the face is' /tmp/no)"
    kill $pid
    wait $pid || fail "$(cat /tmp/no)"
    [ ! -e /tmp/auto ] && [ ! -e $b ] && [ ! -e /dev/ublkc0 ] || fail "left: $(ls /tmp/auto /dev/ublk*)"
}
less_than_root='setpriv --bounding-set -sys_admin --inh-caps -sys_admin'
serve() { # [OPTION...] PAGES: sets $pid
    rm -f /tmp/log # of the one before: it says that it started
    ublkram -n 0 "$@" >/tmp/log 2>&1 & pid=$!
    wait_for 30 started grep -q started /tmp/log
}
told() { grep -q "$1" /tmp/log; }
end() { # [SIGNAL [WORDS]]
    kill "-${1-TERM}" $pid
    wait $pid
    told "ended, ${2-0 never}" || fail "ublkram: $(cat /tmp/log)"
    [ ! -e $b ] && [ ! -e /dev/ublkc0 ] || fail "left: $(ls /dev/ublk*)"
}
calls() { # prints "REQUESTS CALLS" so far
    : >/tmp/log
    kill -USR2 $pid
    wait_for 10 'the figures' told requests=
    sed -n 's/.*requests=\([0-9]*\) calls=\([0-9]*\).*/\1 \2/p' /tmp/log
}
cost() { # WHAT BEFORE AFTER
    say "$1: $((${3%% *} - ${2%% *})) requests, $((${3##* } - ${2##* })) calls of the kernel"
}
limit() { [ "$(cat $queue/$1)" = "$2" ] || fail "$1 is $(cat $queue/$1)"; }
put() { dd if=/tmp/data of=$b bs="$1" oflag=direct 2>/tmp/dd || fail "put by $1: $(cat /tmp/dd)"; }
same() { dd if=$b bs=128k iflag=direct count=128 2>/dev/null | cmp - "$1" || fail "wrong bytes: $2"; }
each() { # PROCESSES IF OF [OPTION...]: each has 1 MiB by pages
    n=0 jobs='' all=$1 from=$2 to=$3
    shift 3
    while [ $n -lt $all ]; do
        dd if=$from of=$to bs=4k count=256 skip=$((n * 256)) seek=$((n * 256)) "$@" 2>/tmp/dd.$n & jobs="$jobs $!"
        n=$((n + 1))
    done
    for job in $jobs; do wait $job || fail "dd: $(cat /tmp/dd.*)"; done
}
dd if=/dev/urandom of=/tmp/data bs=1M count=16 2>/dev/null
dd if=/dev/zero of=/tmp/zeros bs=1M count=16 2>/dev/null

no_ublk 'there is no /dev/ublk-control: modprobe ublk_drv'
no_front 'modprobe ublk_drv' farpage-front
takes nbd 'modprobe ublk_drv' env
insmod /run/ublk_drv.ko || fail insmod
sysctl -q kernel.io_uring_disabled=2
no_ublk 'sysctl kernel.io_uring_disabled=0'
no_front 'sysctl kernel.io_uring_disabled=0' farpage-front --face ublk
no_front 'sysctl kernel.io_uring_disabled=0; and for --face nbd there is no --listen' farpage-front --face auto
sysctl -q kernel.io_uring_disabled=0
setpriv --reuid 65534 --clear-groups ublkram 1024 >/tmp/no 2>&1 && fail 'it started, as nobody'
grep -q 'only root may' /tmp/no || fail "as nobody: $(cat /tmp/no)"
no_front 'only root may' setpriv --reuid 65534 --clear-groups farpage-front
mv /dev/ublk-control /dev/away
no_front 'this process has a /dev of its own' farpage-front
mv /dev/away /dev/ublk-control
# Who may ask the kernel, and may not add a device.
no_front 'may not add a device: it needs CAP_SYS_ADMIN' $less_than_root farpage-front
takes nbd 'may not add a device' $less_than_root
takes ublk 'and --listen is not used' env

# Its shape, and what goes in comes out.
serve 32768
no_ublk 'there is a device 0 already'
grep -q '\[none\]' $queue/scheduler || fail "its scheduler is $(cat $queue/scheduler)"
limit logical_block_size 4096; limit physical_block_size 4096; limit max_sectors_kb 128; limit nr_requests 36
limit discard_granularity 4096; limit discard_max_bytes 4294963200; limit write_zeroes_max_bytes 4294963200
limit rotational 0; limit write_cache 'write through'; limit fua 0
[ "$(cat /sys/block/ublkb0/size)" = 262144 ] || fail "its size is $(cat /sys/block/ublkb0/size)"
put 1M; same /tmp/data 'by 1 MiB'
put 12k; same /tmp/data 'by 12 KiB'
before=$(calls)
put 4k
after=$(calls)
cost 'puts one by one' "$before" "$after"
[ $((${after##* } - ${before##* })) -le $((5 * (${after%% *} - ${before%% *}))) ] || fail 'that is too many'
before=$(calls)
each 16 $b /tmp/back iflag=direct conv=notrunc
cost 'gets by 16 at a time' "$before" "$(calls)"
cmp /tmp/data /tmp/back || fail 'wrong bytes: 16 at a time'
grep -l iou-wrk /proc/[0-9]*/task/*/comm 2>/dev/null && fail 'there is a worker of io_uring'
blkdiscard -o 1M -l 4M $b || fail blkdiscard
blkdiscard -z -o 8M -l 1052672 $b || fail 'blkdiscard -z'
cp /tmp/data /tmp/holes
dd if=/dev/zero of=/tmp/holes bs=1M seek=1 count=4 conv=notrunc 2>/dev/null
dd if=/dev/zero of=/tmp/holes bs=4k seek=2048 count=257 conv=notrunc 2>/dev/null
same /tmp/holes discard
blkdiscard $b || fail 'blkdiscard of all'
same /tmp/zeros 'discard of all'
end

# Late and in no order, and as deep as it goes.
serve -d 64 -l 20 32768
limit nr_requests 64
each 16 /tmp/data $b oflag=direct
same /tmp/data late
calls >/dev/null
say "$(tail -n 1 /tmp/log)"
end

# Errors are errors.
serve -e 1024 32768
dd if=/tmp/data of=$b bs=4k count=1024 oflag=direct 2>/dev/null || fail 'before the bad page'
dd if=/tmp/data of=$b bs=4k count=1 seek=1024 oflag=direct 2>/tmp/dd && fail 'a put that failed was good'
grep -q 'Input/output error' /tmp/dd || fail "put: $(cat /tmp/dd)"
dd if=$b of=/dev/null bs=4k skip=1024 count=1 iflag=direct 2>/tmp/dd && fail 'a get that failed was good'
grep -q 'Input/output error' /tmp/dd || fail "get: $(cat /tmp/dd)"
blkdiscard -o 4M -l 1M $b 2>/dev/null && fail 'a flush that failed was good'
end

# It ends although a request is out: at once by force, and without it after 5 s.
is_out() { kill -USR2 $pid; told ' out=1 '; }
for signal in USR1 HUP; do
    serve -o 2048 32768
    dd if=$b of=/dev/null bs=4k skip=2048 count=1 iflag=direct 2>/tmp/dd & dd=$!
    wait_for 30 'the request' is_out
    kill $pid
    wait_for 10 refusal told "refused: $b is in use: process $dd has it open"
    began=$(cut -d. -f1 /proc/uptime)
    end $signal '1 never'
    took=$(($(cut -d. -f1 /proc/uptime) - began))
    [ $signal = HUP ] && [ $took -lt 4 ] && fail "it ended after $took s, although it was not forced"
    [ $signal = USR1 ] && [ $took -gt 4 ] && fail "it ended after $took s, although it was forced"
    wait $dd && fail 'the request that was out was good'
    grep -q 'Input/output error' /tmp/dd || fail "what was out: $(cat /tmp/dd)"
done
# Somebody else ends it.
serve 32768
ublkram -k 0 || fail 'stopping from outside'
wait $pid
told 'ended: /dev/ublkb0 was stopped by another' || fail "stopped from outside: $(cat /tmp/log)"
# It is killed: the device goes, and its number can be had again.
serve 32768
put 1M
kill -9 $pid
wait_for 20 'the end of the device' test ! -e $b
say "left by SIGKILL: $(echo /dev/ublk*)"
serve 32768
same /tmp/zeros 'its predecessor'
end

# It ends before it has begun: the kernel waits for what the device begins with.
rm -f /tmp/log
ublkram -n 0 -o 0 32768 >/tmp/log 2>&1 & pid=$!
wait_for 30 'the device' test -e /dev/ublkc0
wait_for 30 'the first request' is_out
told started && fail 'it started, and cannot have been read'
end HUP '1 never'

EOT
    grep '^guest: ' "$dir/console"
done
