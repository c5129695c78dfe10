# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# Behind boot.sh: boots of which each is a line in $RESULTS. Those that are there are not done again, so a
# series can be stopped and resumed, and kept in the tree.
# shellcheck disable=SC2154

RESULTS=${RESULTS-$dir/results}
lost=0
touch "$RESULTS"

recorded() { grep -qF "$1," "$RESULTS"; } # key

load_host() { # two busy loops beside QEMU
    for _ in 1 2; do
        sh -c 'while :; do :; done' &
        pids="$! $pids"
    done
}

record() { # key: of the boot that is over; sets $verdict
    if grep -qx 'guest: exit 0' "$dir/console"; then
        verdict=survived
    elif grep -q '^swapcheck: hang' "$dir/console"; then
        verdict=HUNG
    elif grep -q 'Out of memory: Killed' "$dir/console"; then
        verdict=KILLED
    else
        verdict=LOST
    fi
    printf '%s, %s: %s, %s wrong, stalls %s ms, none moved %s ms, %s s, min_free %s KiB\n' "$1" \
        "$(date +%F)" "$verdict" "$(most wrong)" "$(most stall_ms)" "$(most silence_ms)" "$(results seconds)" \
        "$(said min_free_kbytes)" | tee -a "$RESULTS"
    [ $verdict = survived ] || { lost=$((lost + 1)); cp "$dir/console" "$dir/console-$lost"; }
}

# After NAME= in the last line of each phase.
results() { sed -n "s/^swapcheck: [ghdW].*\<$1=\([0-9.]*\).*/\1/p" "$dir/console" | tr '\n' ' ' | sed 's/ $//; s/ / + /'; }
most() { sed -n "s/^swapcheck: .*\<$1=\([0-9.]*\).*/\1/p" "$dir/console" | sort -n | tail -n 1; }
