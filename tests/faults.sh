# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# For tests/borrower-fault-*.sh: . "${FARPAGE_SRCDIR:?start me with ./run}/tests/faults.sh"
# Three lenders, each behind an nbdfault of its own; a borrower that keeps two copies of each page
# with them; and a load that checks all it reads. A lender gets fault after fault here: none is left out for that,
# unless $patient is no. [REPEAT=1] is how often each fault is made.
repeat=${REPEAT:-1}
time_limit=$((120 + repeat * 60))
# Where a disk of its own is needed, it is mounted for this script alone.
if [ -n "${own_mounts-}" ] && [ -z "${FARPAGE_OWN_MOUNTS-}" ] && unshare -m true 2>/dev/null; then
    FARPAGE_OWN_MOUNTS=yes exec unshare -m "$0" "$@"
fi
. "$FARPAGE_SRCDIR/tests/lib.sh"
requires nbdkit nbdinfo nbdcopy jq
link_timeout=500 deadline=2000 # milliseconds
span=16                        # MiB
# How long a lender that says nothing may hold up others.
# shellcheck disable=SC2034
dead=3000

# at I COMMAND...: where the files of lender I are $tmp.
at() {
    all_tmp=$tmp tmp=$tmp/$1
    shift
    "$@"
    tmp=$all_tmp
}

# lender_at I [OPTION...]: lender I, on the port that it had; with what it had in $state.
lender_at() {
    mkdir -p "$tmp/$1"
    at "$1" start_lender "$@"
}

start_lender() {
    shift
    lender --listen "127.0.0.1:$(cat "$tmp/port" 2>/dev/null || echo 0)" --lend 64M --pool a=64M \
        ${state:+--state-dir "$state/${tmp##*/}"} "$@"
    echo "$port" >"$tmp/port"
    echo "$lender_pid" >"$tmp/pid"
}

# The lender's process, its port, and the port of its nbdfault.
pid_of() { cat "$tmp/$1/pid"; }
port_of() { cat "$tmp/$1/port"; }
way_to() { sed -n 's/^listening on //p' "$tmp/$1/fault.log"; }

# fault_at I WORD...: tell its nbdfault.
fault_at() {
    FAULT_CONTROL=$tmp/$1/fault.ctl
    shift
    fault "$@"
}

# faults_are_over: all that $victim was to do has been done; or its copies were made elsewhere meanwhile, and
# nobody asks it any more: then $spared is yes, and it is to do nothing more.
faults_are_over() {
    wait_for 60 faults_done_or_spared
    case $answer in *" waiting=0 "*) spared=no ;; *) spared=yes ;; esac
    fault_at "$victim" calm
}

faults_done_or_spared() {
    fault_at "$victim" status
    case $answer in *" waiting=0 "*) return ;; esac
    [ "$(kept "$victim")" = 0 ]
}

# end_of I SIGNAL
end_of() {
    kill "-$2" "$(pid_of "$1")"
    wait "$(pid_of "$1")" || true
}

# farm [PARAMETER...]: three lenders, the borrower, and the load, which has written all of it when
# this returns.
farm() {
    for i in 1 2 3; do
        lender_at $i
        at $i faults
    done
    borrow "$@"
    load
}

borrow() {
    borrower lender="127.0.0.1:$(way_to 1)" lender="127.0.0.1:$(way_to 2)" \
        lender="127.0.0.1:$(way_to 3)" copies=2 size="$((span + 4))M" deadline=$deadline \
        link-timeout=$link_timeout patient=${patient-yes} swap=no "$@"
}

load() {
    nbdload --verify --fill --tolerate-eio --mode mixed --read-percent 50 --depth 8 --seconds 3600 \
        --size "${span}M" --json "unix:$sock" >"$tmp/report" 2>"$tmp/load.log" &
    load_pid=$!
    cleanup "kill $load_pid 2>/dev/null"
    wait_for 30 whole
}

# kept I: MiB that lender I keeps; 0 if it does not say so.
kept() {
    kept_bytes=$(port=$(port_of "$1") && timeout 2 nbdinfo --no-content "nbd://127.0.0.1:$port/a" 2>/dev/null |
        sed -n 's/.* used=\([0-9]*\).*/\1/p')
    echo $((${kept_bytes:-0} >> 20))
}

kept_by() { for i; do kept "$i"; done; }

# whole: do the three lenders keep every page twice?
whole() { [ $(($(kept 1) + $(kept 2) + $(kept 3))) = $((2 * span)) ]; }

# whole_without I: do the two others keep every page?
whole_without() {
    case $1 in 1) set -- 2 3 ;; 2) set -- 1 3 ;; 3) set -- 1 2 ;; esac
    [ "$(kept_by "$@" | xargs)" = "$span $span" ]
}

# all_at LINE: tell all of them.
all_at() { for i in 1 2 3; do fault_at $i "$@"; done; }
all_connected() { for i in 1 2 3; do connected $i || return; done; }

# disk MIB: a filesystem of its own at $tmp/disk, which only this script sees; or skip.
disk() {
    requires mke2fs unshare mount fallocate
    mkdir "$tmp/disk"
    truncate -s "$1M" "$tmp/disk.img"
    mke2fs -q -t ext4 -O ^has_journal -m 0 "$tmp/disk.img"
    mount -o loop "$tmp/disk.img" "$tmp/disk" 2>"$tmp/said" || {
        echo "SKIPPED: no filesystem of its own: $(cat "$tmp/said")" >&2
        exit 77
    }
    cleanup "umount $tmp/disk"
}

# holder N: the Nth of those who keep pages, from 1 on, again and again. Two faults at once are more
# than two copies can take: single pages that lack one are found in a walk, one a second, which no
# lender can tell of.
holder() {
    sleep 2
    # shellcheck disable=SC2046
    set -- "$1" $(for i in 1 2 3; do [ "$(kept $i)" = 0 ] || echo $i; done)
    [ $# -gt 1 ] || fail "nobody keeps pages"
    n=$(($1 % ($# - 1) + 1))
    shift $n
    echo "$1"
}

now_ms() { echo $(($(date +%s%N) / 1000000)); }

# within SECONDS WHAT COMMAND...: wait for it, and say how long that took.
within() {
    within_begin=$(now_ms) within_seconds=$1 within_what=$2
    shift 2
    wait_for "$within_seconds" "$@"
    echo "$within_what after $(($(now_ms) - within_begin)) ms"
}

# verdict MS [errors|reads]: end the load. No byte was wrong, nothing waited longer than MS, and there
# was no EIO, if not of everything ("errors") or of reads.
verdict() {
    kill -TERM "$load_pid"
    wait "$load_pid" || fail "the load: $(cat "$tmp/load.log")"
    jq -r '"\(.requests) requests, \(.wrong) wrong, EIO of \(.read_errors) reads and \(.write_errors) writes, " +
        "longest wait \(.longest_ms) ms"' "$tmp/report"
    jq -e '.wrong == 0' "$tmp/report" >/dev/null || fail 'wrong pages'
    jq -e ".longest_ms <= $1" "$tmp/report" >/dev/null || fail "something waited longer than $1 ms"
    case ${2-} in
    errors) ;;
    reads) jq -e '.write_errors == 0' "$tmp/report" >/dev/null || fail 'EIO of a write' ;;
    *) jq -e '.read_errors + .write_errors == 0' "$tmp/report" >/dev/null ||
        fail 'EIO, though a copy was there' ;;
    esac
}

# The borrower has a link and, soon, a connection beside it that asks how the lender is.
connected() {
    fault_at "$1" status
    case $answer in *" connections="[12]" old=0 "*) ;; *) return 1 ;; esac
}

# It has been given up, and there is another beside it.
connects_again() {
    fault_at "$1" status
    case $answer in *" connections="[23]" old=1 "*) ;; *) return 1 ;; esac
}

# redundant: once the load has ended, it soon comes back all the same without any one lender.
redundant() {
    wait_for 10 copy all
    within 10 'all copies were there' any_may_go
}

# One request at a time: nbdkit 1.32 aborts (raw_send_socket) when a client goes while it owes it replies, as
# nbdcopy does at the first error.
copy() { nbdcopy --synchronous "nbd+unix:///?socket=$sock" "$tmp/$1" 2>"$tmp/nbdcopy.log"; }

# What lacks a copy is looked for once a second, and made when its lender is there.
any_may_go() {
    for i in 1 2 3; do
        wait_for 10 connected $i
        fault_at $i refuse
        fault_at $i drop
        went=0
        copy without || went=$?
        fault_at $i calm
        [ $went = 0 ] || { sleep 2; return 1; }
        cmp "$tmp/all" "$tmp/without" || fail "without lender $i pages are others"
    done
}
