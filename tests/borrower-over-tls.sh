#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The plugin proves who it is by a pre-shared key, and pages go through TLS, also across
# cuts of the connection; who has no key, or another's, is told so.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
requires psktool socat
with_tls
for name in web db; do psktool -u $name -p "$tmp/keys" >/dev/null 2>&1; done
sed -n 's/^db:/web:/p' "$tmp/keys" >"$tmp/forged"
chmod o= "$tmp/keys"
# Some editors begin a text with a byte order mark: the lender does without it.
{ printf '\357\273\277' && cat "$tmp/keys"; } >"$tmp/lender.keys"
chmod o= "$tmp/lender.keys"
lender --tls-psk "$tmp/lender.keys" --lend 64M --pool a=16M,owner=web --listen "unix:$tmp/lender.sock" --listen 127.0.0.1:0
refused() { # words parameter...
    words=$1
    shift
    status=0
    timeout 30 "$FARPAGE_BUILDDIR/run" nbdkit -f -U "$tmp/refused.sock" farpage "lender=127.0.0.1:$port" "$@" \
        >"$tmp/said" 2>&1 || status=$?
    [ $status = 1 ] || fail "$*: status $status"
    grep -q "$words" "$tmp/said" || fail "$*: not '$words' but $(cat "$tmp/said")"
}
refused 'this lender requires TLS' pool=a
refused 'there is no pool a' pool=a tls-psk="$tmp/keys" tls-username=db
refused 'TLS' pool=a tls-psk="$tmp/forged" tls-username=web
refused 'tls-username=nobody: it has no line' pool=a tls-psk="$tmp/keys" tls-username=nobody
refused 'No such file' pool=a tls-psk="$tmp/none" tls-username=web
refused 'go together' pool=a tls-psk="$tmp/keys"
refused 'go together' pool=a tls-username=web
# What libnbd would say little of.
psk() { # WORDS: of the file "odd"
    refused "tls-psk=$tmp/odd.*$1" pool=a tls-psk="$tmp/odd" tls-username=web
}
{ printf '\357\273\277' && grep web "$tmp/keys"; } >"$tmp/odd"
psk 'byte order mark'
iconv -t UTF-16 "$tmp/keys" >"$tmp/odd"
psk 'byte order mark'
sed 's/$/\r/' "$tmp/keys" >"$tmp/odd"
psk 'carriage return'
echo web:12345x >"$tmp/odd"
psk 'not hexadecimal'
echo web:123 >"$tmp/odd"
psk 'half a byte'
echo webs:1234 >"$tmp/odd"
psk 'no line'
rm "$tmp/odd"
mkfifo "$tmp/odd"
psk 'not a regular file'
relay
cd "$tmp"
borrower "lender=unix:$tmp/relay.sock" pool=a tls-psk=keys tls-username=web
# It is read at each opening. On a tmpfs it would be swapped out, onto this very device.
key_is_locked() { grep -A 24 "$tmp/keys\$" "/proc/$borrower_pid/smaps" | grep -q '^Locked: *4 kB'; }
sanitized || wait_for 10 key_is_locked
python3_nbd "$FARPAGE_SRCDIR/tests/borrower-model.py" "nbd+unix:///?socket=$sock" 3 &
model_pid=$!
cut_while $model_pid
wait $model_pid || fail 'the model saw something wrong'
