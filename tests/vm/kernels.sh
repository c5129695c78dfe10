#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# kernels.sh 6.1|6.12|6.1-full|6.12-full: takes or fetches Debian's newest kernel of that line (its cloud
# kernel, or the full one, which has drivers for real cards) and unpacks
# what a guest needs (vmlinuz, and the modules in the order in which they are loaded) into
# $FARPAGE_BUILDDIR/tests/vm/kernel-VERSION. Installs nothing. The second time is instant.
# Modules that only some test loads are in kernel-VERSION/more; the test takes them to $dir/extra.
# Exit 77: this host cannot get that kernel.
set -eu

modules='virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci failover
net_failover virtio_net virtio_blk nbd pps_core ptp e1000e crc16 crc32c_generic libcrc32c mbcache jbd2 ext4'
more='ublk_drv'

skip() { echo "$*" >&2; exit 77; }

# The meta-package's one dependency is the newest kernel of its line.
newest() {
    case $1 in
        6.1) meta=linux-image-cloud-amd64 ;;
        6.1-full) meta=linux-image-amd64 ;;
        *-full) meta=linux-image-${1%-full}-amd64 ;;
        *) meta=linux-image-$1-cloud-amd64 ;;
    esac
    apt-cache depends --important "$meta" 2>/dev/null | sed -n 's/.*Depends: \(linux-image-.*\)/\1/p'
}

fetch() { # package: from this host if it is installed
    installed=${1#linux-image-}
    if [ -e "/boot/vmlinuz-$installed" ]; then
        mkdir -p tree/boot
        cp "/boot/vmlinuz-$installed" tree/boot
        ln -s "/lib/modules/$installed/kernel" tree/modules
        return
    fi
    apt-get -qq -o APT::Sandbox::User=root download "$1" ||
        { apt-get -qq update && apt-get -qq -o APT::Sandbox::User=root download "$1"; } ||
        skip "cannot download $1"
    dpkg-deb -x "$1"_*.deb tree
    rm -f "$1"_*.deb
}

take_module() { # name destination: nothing if it is built into this kernel, or unknown to it
    path=$(find -L tree -name "$1.ko*")
    case $path in
        '') ;;
        *.xz) xz -dc "$path" >"$2" ;;
        *) cp "$path" "$2" ;;
    esac
}

# Modules are numbered, so that a glob lists them in loading order.
take_modules() {
    mkdir modules more
    n=10
    for m in $modules; do
        take_module "$m" "modules/$n-$m.ko"
        n=$((n + 1))
    done
    for m in $more; do take_module "$m" "more/$m.ko"; done
}

# What was unpacked earlier has all that is wanted now.
have_all() { [ -e "$cache/vmlinuz" ] && [ "$(cat "$cache/wanted" 2>/dev/null)" = "$modules $more" ]; }

cache=$FARPAGE_BUILDDIR/tests/vm/kernel-$1
have_all && exit 0
[ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] || skip 'only on Debian amd64'
package=$(newest "$1")
[ -n "$package" ] || { apt-get -qq update; package=$(newest "$1"); }
[ -n "$package" ] || skip "no package has kernel $1"

new=$cache.$$
trap 'rm -rf "$new"' EXIT
mkdir -p "$new"
cd "$new"
exec 9>../lock
flock 9
have_all && exit 0 # another test was first
fetch "$package"
take_modules
echo "$modules $more" >wanted
cp tree/boot/vmlinuz-* vmlinuz
echo "$package" >package
rm -rf tree "$cache"
mv "$new" "$cache"
