#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The borrower stands still, longer than any deadline, as a host that is suspended: when it goes on,
# what it was owed is there, and nobody is blamed.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/faults.sh"
farm
for _ in $(seq "$repeat"); do
    for seconds in 0.3 1 5; do
        kill -STOP "$borrower_pid"
        sleep $seconds
        kill -CONT "$borrower_pid"
        sleep 0.5
    done
    within 20 'two copies' whole
done
# Its own standing still is all that was waited for.
verdict $((5000 + dead))
redundant
