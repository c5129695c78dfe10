# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# Behind boot.sh: lenders on this host that things happen to, each at an address of its own.
# shellcheck disable=SC2154
given="$given|lenders"

lender_at() { # address:port
    start farpaged --listen "$1" --allow-plaintext --lend 1G --pool host=512M
    echo "$started" >"$dir/$1.pid"
    wait_until "the lender at $1" listening "${1#*:}"
}

some_lenders() { # how many: each at an address of its own; sets $lenders
    vm_net
    [ -n "$in_net" ] || skip 'needs a network namespace'
    end_all
    lenders=
    for host in $(seq 2 $(($1 + 1))); do
        $in_net ip address replace "10.0.2.$host/24" dev tap0
        lenders="$lenders 10.0.2.$host:$(free_port)"
        lender_at "${lenders##* }"
    done
}

# What the guest has done to a lender.
killed() { kill -KILL "$(cat "$dir/$1.pid")"; lender_at "$1"; }
stopped() { kill -STOP "$(cat "$dir/$1.pid")"; sleep 5; kill -CONT "$(cat "$dir/$1.pid")"; }
cut_off() { # nothing says that it is gone
    $in_net ip address del "${1%:*}/24" dev tap0
    sleep 5
    $in_net ip address add "${1%:*}/24" dev tap0
}
# shellcheck disable=SC2317 # the guest calls it
happen() { # what lender
    "$@" && echo happened
}
