#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# swapoff may take long, and whoever kills it, or what it reads from, takes the host along:
# no stop of these units ends by a timeout, and none by SIGKILL.
. "${FARPAGE_SRCDIR:?start me with ./run}/tests/lib.sh"
for unit in farpage@ farpage-front@ farpage-swap@; do
    service=$FARPAGE_BUILDDIR/units/$unit.service
    [ "$(grep -E '^Timeout(Stop|Abort)?Sec=' "$service")" = TimeoutStopSec=infinity ] ||
        fail "$unit: a stop that takes long is ended"
    [ "$(grep -E '^(SendSIGKILL|KillMode|RuntimeMaxSec)=' "$service")" = SendSIGKILL=no ] ||
        fail "$unit: a stop may kill"
done
