#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A borrower fills its pool as fast as it can, where there is less memory than is lent: writes are refused in
# time and the lender lives, in a cgroup with a limit, and where no more may be committed. Also where the
# kernel makes huge pages of all shared memory, a page costs a page. [KERNELS=6.1 6.12]
. "$FARPAGE_SRCDIR/tests/vm/boot.sh"

for KERNEL in ${KERNELS-6.1 6.12}; do
    MEMORY_MIB=512
    vm_net
    guest <<'EOT' || { cat "$dir/console"; fail "kernel $KERNEL"; }
mount -t cgroup2 cgroup /sys/fs/cgroup || fail 'no cgroup2'
echo +memory >/sys/fs/cgroup/cgroup.subtree_control
mkdir /sys/fs/cgroup/l /tmp/data
mount -t tmpfs data /tmp/data
tr '\0' x </dev/zero | dd of=/tmp/data/x bs=1M count=48 iflag=fullblock || fail data
lend() { # CGROUP SIZE [OPTION...]
    : >/tmp/log
    sh -c 'echo $$ >/sys/fs/cgroup/$1/cgroup.procs; s=$2; shift 2
        exec farpaged --listen unix:/run/a.sock --lend $s --pool x=$s,thin "$@" 2>/tmp/log' sh "$@" &
    lender_pid=$!
    wait_for 20 'listening' grep -q listening /tmp/log
    nbd-client -unix /run/a.sock /dev/nbd0 -N x || fail nbd-client
}
write() { dd if=/tmp/data/x of=/dev/nbd0 bs=1M count="$1" seek="${2-0}" oflag=direct 2>/tmp/dd; }
shmem() { sed -n 's/^RssShmem:[^0-9]*\([0-9]*\) kB/\1/p' /proc/$lender_pid/status; }
held() { for fd in /proc/$lender_pid/fd/*; do case $(readlink $fd) in /memfd:farpage*) stat -L -c %b $fd ;; esac done; }
lives() { # WHAT
    kill -0 $lender_pid 2>/dev/null || fail "$1: the lender is dead: $(cat /tmp/log; cat /sys/fs/cgroup/l/memory.events; tail -1 /tmp/dd)"
    say "$1: $(($(shmem) / 1024)) MiB are lent"
    cmp -n 8388608 /tmp/data/x /dev/nbd0 || fail "$1: wrong bytes"
}
end() { nbd-client -d /dev/nbd0; kill $lender_pid; wait $lender_pid; }

echo 40M >/sys/fs/cgroup/l/memory.max
for round in 1 2 3; do
    lend l 40M
    sleep 2.$round # it looks once a second now
    write 40 && fail 'all of it was written'
    lives "in a cgroup of 40 MiB, round $round"
    end
done
rmdir /sys/fs/cgroup/l || { sleep 2; rmdir /sys/fs/cgroup/l; }
mkdir /sys/fs/cgroup/l

# By all means: with nothing to be kept free only the kernel can say no.
for keep in 0 16M; do
    lend l 400M --keep-free $keep
    write 8 || fail 'write'
    echo 2 >/proc/sys/vm/overcommit_memory
    committed=$(sed -n 's/^Committed_AS: *\([0-9]*\) kB/\1/p' /proc/meminfo)
    # The kernel has an eighth of the process' size, and 8 MiB, for others besides.
    echo $((committed + 65536)) >/proc/sys/vm/overcommit_kbytes
    refused=
    for at in 8 56 104 152; do write 48 $at || refused=yes; done
    [ -n "$refused" ] || fail "keep-free $keep: 192 MiB were written"
    echo 0 >/proc/sys/vm/overcommit_memory
    lives "with 64 MiB that may be committed, keep-free $keep"
    sleep 7 # until it is sure that it is over
    write 8 200 || fail 'it takes nothing any more'
    end
done
echo 2 >/proc/sys/vm/overcommit_memory
farpaged --listen unix:/run/b.sock --lend 100M --pool x=100M 2>/tmp/b.log && fail 'it promised what it may not commit'
grep 'pool x: this host may not commit so much memory.*smaller or thin' /tmp/b.log || fail "$(cat /tmp/b.log)"
echo 0 >/proc/sys/vm/overcommit_memory
echo 0 >/proc/sys/vm/overcommit_kbytes

for policy in always force; do
    echo $policy >/sys/kernel/mm/transparent_hugepage/shmem_enabled || continue
    lend l 128M
    for mib in 2 4 6 8 10 12 14 16; do dd if=/tmp/data/x of=/dev/nbd0 bs=4k count=1 seek=$((mib * 256)) oflag=direct 2>/dev/null; done
    [ "$(held)" = 64 ] || fail "$policy: 8 pages take $(held) blocks"
    blkdiscard -f /dev/nbd0
    [ "$(held)" = 0 ] || fail "$policy: discarded, and $(held) blocks are left"
    say "huge shared memory $policy: 8 pages took 32 KiB"
    end
done
EOT
    grep '^guest: ' "$dir/console"
done
