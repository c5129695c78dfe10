#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A file that it is to read may have become a pipe, where reading would wait for ever: it is
# refused, at the start and in a reload, and pages are served meanwhile.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires certtool psktool
with_tls
authority "$tmp/ca"
certificate "$tmp/ca" "$tmp/tls" server lender
psktool -u web -p "$tmp/keys" >/dev/null 2>&1
chmod o= "$tmp/keys"
printf '%s\n' 'listen = 127.0.0.1:0' 'lend = 1M' "tls-certificates = $tmp/tls" "tls-psk = $tmp/keys" >"$tmp/good.conf"
cp "$tmp/good.conf" "$tmp/lender.conf"
lender --config "$tmp/lender.conf"
for file in lender.conf keys tls/ca-cert.pem tls/server-cert.pem tls/server-key.pem tls/ca-crl.pem; do
    [ ! -e "$tmp/$file" ] || mv "$tmp/$file" "$tmp/aside"
    mkfifo -m 600 "$tmp/$file"
    status=0
    timeout 5 farpaged --check-config --config "$tmp/lender.conf" 2>"$tmp/said" || status=$?
    [ $status = 1 ] || fail "$file: status $status: $(cat "$tmp/said")"
    grep -q "$file: it is not a regular file" "$tmp/said" || fail "$file: $(cat "$tmp/said")"
    before=$(wc -l <"$tmp/lender.log")
    kill -HUP "$lender_pid"
    wait_for 10 sh -c "tail -n +$((before + 1)) '$tmp/lender.log' | grep -q 'nothing changed: .*it is not a regular file'"
    rm "$tmp/$file"
    [ ! -e "$tmp/aside" ] || mv "$tmp/aside" "$tmp/$file"
done
reload "$(cat "$tmp/good.conf")"
case $words in *'read again'*) ;; *) fail "$words" ;; esac
