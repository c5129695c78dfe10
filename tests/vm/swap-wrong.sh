#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A lender whose memory is altered behind the guest's back is found out. Were it not so, the tests
# that find no wrong page would prove nothing.
LENDER=memory # any connection may write to it
. "$FARPAGE_SRCDIR/tests/vm/boot.sh"

requires nbdsh
alter() { # a few bytes of every fourth page that is with the lender, wherever the kernel put it
    # shellcheck disable=SC2086 # $in_net is words
    PATH=/usr/bin:$PATH $in_net nbdsh -u "nbd://$host_address:$lender_port/" -c '
n = 0
for start in range(0, h.get_size(), 1 << 21):
    data = h.pread(1 << 21, start)
    for page in range(0, 1 << 21, 16384):
        if data[page:page + 8] == b"SAPCHECK":
            h.pwrite(b"altered", start + page + 2048)
            n += 1
print(n)'
}

wire direct 1G
guest <<'EOT' && fail 'a wrong page went unseen'
attach
swap_farpage
swapcheck --size 160M --passes f.F --gate /run/gate --hang 60 --on-hang 9mtb & check=$!
wait_for 300 'the gate' test -e /run/gate.reached
say "altered=$(host alter)"
touch /run/gate
wait $check
say "swapcheck exited with $?"
fail 'as it must'
EOT
cat "$dir/console"
[ "$(said altered)" -gt 1000 ] || fail 'nothing was altered'
grep -q 'guest: swapcheck exited with 1' "$dir/console" || fail 'swapcheck did not fail'
grep -q 'swapcheck: wrong page: .*torn or altered' "$dir/console" || fail 'the page is not explained'
# Those that were in memory as well, or are of an older generation, do no harm.
wrong=$(result wrong)
[ "$wrong" -gt 500 ] || fail 'not all was seen'
[ "$wrong" -le "$(said altered)" ] || fail 'more was seen than is wrong'
