#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A lender in a cgroup with a limit, which a neighbour in it fills up: it takes no more pages, asks for
# some back, drops those of its revocable pool. And tasks that wait for memory are noticed. [KERNELS=6.1 6.12]
. "$FARPAGE_SRCDIR/tests/vm/boot.sh"

for KERNEL in ${KERNELS-6.1 6.12}; do
    MEMORY_MIB=512
    vm_net
    guest <<'EOT' || { cat "$dir/console"; fail "kernel $KERNEL"; }
logged() { wait_for 120 "\"$1\" in the log" grep -q "$1" /tmp/log; }
mount -t cgroup2 cgroup /sys/fs/cgroup || fail 'no cgroup2'
[ -e /proc/pressure/memory ] || fail 'no PSI'
echo +memory >/sys/fs/cgroup/cgroup.subtree_control
mkdir /sys/fs/cgroup/lender /tmp/hog
echo 200M >/sys/fs/cgroup/lender/memory.max
mount -t tmpfs -o size=400M hog /tmp/hog
echo 'listen = unix:/run/lender.sock
lend = 96M
pool = keep=32M
pool = lose=64M,revocable
keep-free = 60M
vacate-deadline = 2' >/tmp/conf
sh -c 'echo $$ >/sys/fs/cgroup/lender/cgroup.procs; exec farpaged --config /tmp/conf 2>/tmp/log' &
lender_pid=$!
logged listening
[ "$(ls -l /proc/$lender_pid/fd | grep -c pressure)" = 4 ] || fail 'not both pressure files, and their triggers'
for pool in keep lose; do
    nbd-client -unix /run/lender.sock /dev/nbd0 -N $pool || fail nbd-client
    tr '\0' x </dev/zero | dd of=/dev/nbd0 bs=1M count=$(($(cat /sys/block/nbd0/size) / 2048)) iflag=fullblock oflag=direct || fail fill
    nbd-client -d /dev/nbd0
done
grep -q short /tmp/log && fail "short of memory already: $(cat /tmp/log)"
sh -c 'echo $$ >/sys/fs/cgroup/lender/cgroup.procs; exec dd if=/dev/zero of=/tmp/hog/a bs=1M count=70' || fail hog
logged 'memory: short, no more pages'
logged 'memory: short, borrowers are asked'
logged 'memory: short, vacate-deadline is over'
sleep 2
kill -USR1 $lender_pid
logged 'memory: short, vacate-deadline.* dropped [1-9]'
nbd-client -unix /run/lender.sock /dev/nbd0 -N keep || fail nbd-client
tr '\0' x </dev/zero | head -c 33554432 | cmp - /dev/nbd0 || fail 'a pool that is not revocable lost something'
nbd-client -d /dev/nbd0
rm /tmp/hog/a
logged 'memory: no shortage'
sed 's/keep-free.*/keep-free = 0/' /tmp/conf >/tmp/conf.new && mv /tmp/conf.new /tmp/conf
kill -HUP $lender_pid
logged 'read again'
# A page cache that does not fit: whoever reads waits.
mkdir /sys/fs/cgroup/reader
echo 8M >/sys/fs/cgroup/reader/memory.max
sh -c 'echo $$ >/sys/fs/cgroup/reader/cgroup.procs; for i in 1 2 3 4; do dd if=/dev/vdb of=/dev/null bs=64k count=2000 & done; wait' 2>/dev/null &
sh -c 'echo $$ >/sys/fs/cgroup/reader/cgroup.procs; while :; do cat /usr/sbin/* /usr/lib/x86_64-linux-gnu/* >/dev/null; done' 2>/dev/null &
# The trigger counts as 10 %, before the average is so high.
logged 'memory: short, no more.*(keep-free 0 MiB), tasks wait for memory 10.00 %'
EOT
    grep '^guest: up' "$dir/console"
done
