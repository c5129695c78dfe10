#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# An address that other hosts reach is not listened on in the open, unless that is meant.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
refused() { # address [option...]
    address=$1
    shift
    status=0
    timeout 10 farpaged --lend 4M --listen "$address" "$@" >"$tmp/said" 2>&1 || status=$?
    [ $status = 1 ] || fail "$address $*: status $status"
    grep -q 'without TLS.*allow-plaintext' "$tmp/said" || fail "$address $*: $(cat "$tmp/said")"
}
for address in 0.0.0.0:0 '[::]:0' 192.0.2.1:0 '[::ffff:192.0.2.1]:0' 128.0.0.1:0; do
    refused "$address"
    refused "$address" --check-config
    refused "$address" --listen 127.0.0.1:0
done
# By its name.
name=$(awk '$1 !~ /^127\.|^::1$|^fe|^ff|#/ && $2 { print $2; exit }' /etc/hosts)
[ -z "$name" ] || refused "$name:0"
for address in 127.0.0.1:0 127.1.2.3:0 '[::ffff:127.0.0.1]:0' "unix:$tmp/sock" localhost:0; do
    farpaged --lend 4M --listen "$address" --check-config >/dev/null || fail "$address"
done
lender --lend 4M --listen 0.0.0.0:0 --allow-plaintext
printf 'lend = 4M\nlisten = 0.0.0.0:0\nallow-plaintext = yes\n' >"$tmp/open.conf"
lender --config "$tmp/open.conf"
command -v psktool >/dev/null || exit 0
psktool -u alice -p "$tmp/keys" >/dev/null 2>&1
chmod o= "$tmp/keys"
farpaged --check-config --tls-psk "$tmp/keys" 2>&1 | grep -q 'without GnuTLS' && exit 0
lender --lend 4M --listen 0.0.0.0:0 --tls-psk "$tmp/keys"
refused 0.0.0.0:0 --tls allow --tls-psk "$tmp/keys"
refused 0.0.0.0:0 --tls off --tls-psk "$tmp/keys"
