#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A name stands for all its addresses, each once, but for those that this host does not have; and
# 0.0.0.0 and [::] stand side by side on one port, in either order.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
if [ -z "${FARPAGE_OWN_MOUNTS-}" ]; then
    unshare -m true 2>/dev/null || { echo 'SKIPPED: no mount namespaces' >&2; exit 77; }
    FARPAGE_OWN_MOUNTS=1 exec unshare -m "$0"
fi
requires nbdinfo
echo 'multi on' >"$tmp/host.conf"
printf '%s many\n' 127.0.0.1 127.0.0.2 127.0.0.1 192.0.2.77 127.0.0.3 >"$tmp/hosts"
printf '%s absent\n' 192.0.2.77 >>"$tmp/hosts"
printf '%s mixed\n' 127.0.0.1 192.0.2.77 >>"$tmp/hosts"
echo 'hosts: files' >"$tmp/nsswitch.conf"
for file in host.conf hosts nsswitch.conf; do
    mount --bind "$tmp/$file" /etc/$file || { echo "SKIPPED: /etc/$file is not ours" >&2; exit 77; }
done
lender --listen many:0 --allow-plaintext --lend 1M --pool a=1M
wait_for 10 grep -q 'listening on 127.0.0.3' "$tmp/lender.log"
sed -n 's/.*listening on //p' "$tmp/lender.log" >"$tmp/where"
sed 's/:.*//' "$tmp/where" | tr '\n' ' ' >"$tmp/hosts.heard"
case $(tr ' ' '\n' <"$tmp/hosts.heard" | sort | tr '\n' ' ') in
*' 127.0.0.1 127.0.0.2 127.0.0.3 ' | '127.0.0.1 127.0.0.2 127.0.0.3 ') ;;
*) fail "it listens on $(cat "$tmp/where")" ;;
esac
while read -r where; do
    [ "$(nbdinfo --size "nbd://$where/a")" = 1048576 ] || fail "not on $where"
done <"$tmp/where"
end_lender "$lender_pid"
refused() { # WORDS OPTION...
    want=$1
    shift
    ! timeout 10 farpaged "$@" --lend 1M 2>"$tmp/said" || fail "it started: $*"
    grep -q "$want" "$tmp/said" || fail "$*: $(cat "$tmp/said")"
}
refused 'cannot listen on absent:0: Cannot assign' --listen absent:0 --allow-plaintext
refused 'cannot listen on mixed:0: other hosts can reach this address' --listen mixed:0
grep -q ' lo$' /proc/net/if_inet6 2>/dev/null || exit 0
# By itself [::] is both.
lender --listen '[::]:0' --allow-plaintext --lend 1M --pool a=1M
any=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' "$tmp/lender.log")
for where in 127.0.0.1 '[::1]'; do
    [ "$(nbdinfo --size "nbd://$where:$any/a")" = 1048576 ] || fail "not on $where"
done
end_lender "$lender_pid"
for order in '0.0.0.0 [::]' '[::] 0.0.0.0' '127.0.0.1 [::]' '[::] 127.0.0.1'; do
    # shellcheck disable=SC2086
    set -- $order
    lender --listen "$1:0" --allow-plaintext --lend 1M --pool a=1M
    any=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' "$tmp/lender.log")
    end_lender "$lender_pid"
    lender --listen "$1:$any" --listen "$2:$any" --allow-plaintext --lend 1M --pool a=1M
    for where in 127.0.0.1 '[::1]'; do
        [ "$(nbdinfo --size "nbd://$where:$any/a")" = 1048576 ] || fail "$order: not on $where"
    done
    end_lender "$lender_pid"
done
