# shellcheck shell=sh disable=SC2154 # $tmp
# SPDX-License-Identifier: BSD-2-Clause
# For lib.sh, with FARPAGE_FACE: what is a lender to the script is the NBD face, with an owner that keeps its pages in
# its own memory; its first pool is the export. FARPAGE_FACE are options of nbdram.
lender() {
    : >"$tmp/lender.log"
    face_name='' face_listen='' face_verbose='' before_option=
    for option; do
        case $before_option in
        --pool)
            size=${option#*=}
            size=${size%%,*}
            case $size in
            *G) pages=$((${size%G} * 262144)) ;;
            *M) pages=$((${size%M} * 256)) ;;
            *K) pages=$((${size%K} / 4)) ;;
            esac
            [ -n "$face_name" ] || face_name=${option%%=*} face_pages=$pages
            ;;
        --listen) face_listen="$face_listen $option" ;;
        --log-level) face_verbose=-v ;;
        esac
        before_option=$option
    done
    : "${face_listen:=127.0.0.1:0}"
    # shellcheck disable=SC2034,SC2086 # for lib.sh; lists
    listens=$(printf '%s\n' $face_listen | wc -l)
    # shellcheck disable=SC2086 # lists
    nbdram $FARPAGE_FACE -n "$face_name" $face_verbose "$face_pages" $face_listen >>"$tmp/lender.log" 2>&1 &
    lender_pid=$!
    cleanup "end_face $lender_pid"
    wait_for 10 lender_listens
    kill -0 $lender_pid || fail "nbdram did not start"
    # shellcheck disable=SC2034 # for the scripts
    port=$(sed -n 's/.*listening on 127.0.0.1:\([0-9]*\)$/\1/p' "$tmp/lender.log" | tail -1)
}

end_face() {
    kill -INT "$1" 2>/dev/null
    wait "$1"
    face_status=$?
    case $face_status in
    0 | 127 | 137) return 0 ;;
    esac
    echo "FAILED: the face ended with status $face_status" >&2
    tail -40 "$tmp/lender.log" >&2
    # shellcheck disable=SC2034 # of run_cleanups
    status=1
}

counted_again() { [ "$(grep -c most_out "$tmp/lender.log")" -gt "$before" ]; }
# SIGUSR2: what it has counted is in $counted.
counted() {
    before=$(grep -c most_out "$tmp/lender.log" || :)
    kill -USR2 "$lender_pid"
    wait_for 10 counted_again
    # shellcheck disable=SC2034 # for the scripts
    counted=$(grep most_out "$tmp/lender.log" | tail -1)
}
