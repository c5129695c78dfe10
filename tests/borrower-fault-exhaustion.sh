#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The borrower may have no descriptor more, and no thread: it goes on with what it has, and with all
# when it may again.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/faults.sh"
pids=/sys/fs/cgroup/pids
[ -d $pids ] || pids=/sys/fs/cgroup
pids=$pids/farpage-test-$$
if ! mkdir "$pids" 2>/dev/null || [ ! -w "$pids/pids.max" ]; then
    echo 'SKIPPED: there is no cgroup to limit threads with' >&2
    exit 77
fi
cleanup "rmdir $pids"
farm
for round in $(seq "$repeat"); do
    # No descriptor: the link cannot be opened again.
    victim=$(holder "$round")
    prlimit --pid "$borrower_pid" --nofile=4:4096
    fault_at "$victim" drop
    within 20 "no descriptor for lender $victim: two copies without it" whole_without "$victim"
    prlimit --pid "$borrower_pid" --nofile=4096:4096
    wait_for 10 connected "$victim"
    within 20 'there are descriptors again: two copies' whole
    # No thread: nobody new can be served.
    echo "$borrower_pid" >"$pids/cgroup.procs"
    cat "$pids/pids.current" >"$pids/pids.max"
    fault_at "$victim" drop
    nbdinfo --size "nbd+unix:///?socket=$sock" >/dev/null 2>&1 || true
    wait_for 10 connected "$victim"
    echo max >"$pids/pids.max"
    home=$(sed -n 's/^[0-9]*:\(pids\|\)://p' /proc/$$/cgroup | head -1)
    echo "$borrower_pid" >"${pids%/*}$home/cgroup.procs"
    nbdinfo --size "nbd+unix:///?socket=$sock" >/dev/null || fail 'it serves nobody new'
    within 20 'there are threads again: two copies' whole
done
verdict $dead
redundant
