#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# units-image.sh KERNEL: a machine that boots systemd, in $FARPAGE_BUILDDIR/tests/units:
#   base             Debian's systemd and what it needs, unpacked (fetched once, installs nothing here)
#   root-KERNEL.img  base with what "make install" installs; made anew when that changed
#   initrd-KERNEL    busybox and modules: just enough to mount it
# Exit 77: this host cannot make it.
set -eu

cache=$FARPAGE_BUILDDIR/tests/units
line=$1
kernel=$FARPAGE_BUILDDIR/tests/vm/kernel-$line
packages='systemd-sysv udev kmod mount util-linux coreutils dash grep sed base-passwd
nbd-client nbdkit procps libnbd0 libnbd-bin libev4 libinih1
liburing2 libxxhash0'
export PATH="$PATH:/usr/sbin:/sbin"

skip() { echo "SKIPPED: $*" >&2; exit 77; }

# With an empty list of installed packages, apt finds all that they need.
fetch() {
    mkdir -p debs/partial
    # shellcheck disable=SC2086
    apt-get -qq -y --download-only --no-install-recommends -o APT::Sandbox::User=root \
        -o Dir::State::status=/dev/null -o Dir::Cache::archives="$cache/debs" \
        -o Debug::NoLocking=1 install $packages >/dev/null
}

make_base() {
    rm -rf base base.tmp debs
    fetch || { apt-get -qq update && fetch; } || skip 'cannot download systemd'
    mkdir -p base.tmp/usr/bin base.tmp/usr/sbin base.tmp/usr/lib base.tmp/usr/lib64
    for d in bin sbin lib lib64; do ln -s usr/$d base.tmp/$d; done
    for deb in debs/*.deb; do
        dpkg-deb --fsys-tarfile "$deb" | tar -x -C base.tmp --keep-directory-symlink \
            --exclude='./usr/share/doc' --exclude='./usr/share/locale' --exclude='./usr/share/man' \
            --exclude='./usr/lib/udev/hwdb.d' --exclude='./usr/share/zoneinfo'
    done
    (cd base.tmp && settle_base)
    rm -rf debs
    mv base.tmp base
    touch base.made
}

# What the packages' scripts would do, as far as it is missed here.
settle_base() {
    mkdir -p dev proc sys run tmp root var/log etc/systemd/network
    for f in passwd group; do cp usr/share/base-passwd/$f.master etc/$f; done
    echo 'systemd-network:x:998:998::/:/usr/sbin/nologin' >>etc/passwd
    echo 'systemd-network:x:998:' >>etc/group
    echo 'root:*::::::' >etc/shadow
    for g in input kvm render sgx; do echo "$g:x:90$((n = ${n-0} + 1)):"; done >>etc/group
    echo 0123456789abcdef0123456789abcdef >etc/machine-id
    printf 'passwd: files\ngroup: files\nhosts: files\n' >etc/nsswitch.conf
    printf '127.0.0.1 localhost lender\n10.0.2.2 host\n' >etc/hosts
    echo guest >etc/hostname
    printf '[Match]\nName=e*\n[Network]\nAddress=10.0.2.15/24\nGateway=10.0.2.2\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n' \
        >etc/systemd/network/net.network
    # Only what is looked at here is started.
    for u in systemd-logind getty@tty1 serial-getty@ttyS0 systemd-pcrphase systemd-pcrphase-sysinit \
        systemd-update-utmp systemd-update-utmp-runlevel systemd-timesyncd systemd-binfmt \
        systemd-firstboot systemd-update-done; do
        ln -sf /dev/null etc/systemd/system/$u.service
    done
    ln -sf /dev/null etc/systemd/system/getty.target
    for t in apt-daily fstrim systemd-tmpfiles-clean e2scrub_all; do
        ln -sf /dev/null etc/systemd/system/$t.timer
    done
    mkdir -p etc/systemd/system/multi-user.target.wants etc/systemd/system/network-online.target.wants
    ln -s /lib/systemd/system/systemd-networkd.service etc/systemd/system/multi-user.target.wants/
    ln -s /lib/systemd/system/systemd-networkd-wait-online.service \
        etc/systemd/system/network-online.target.wants/
    cat >etc/systemd/system/scenario.service <<'UNIT'
[Unit]
After=network-online.target
Wants=network-online.target
[Service]
ExecStart=sh /run/scenario
StandardOutput=file:/dev/ttyS1
StandardError=inherit
MemoryMin=16M
UNIT
    ln -s ../scenario.service etc/systemd/system/multi-user.target.wants/
}

make_root() {
    rm -rf root.tmp "root-$line.tmp.img"
    cp -a base root.tmp
    env -u MAKEFLAGS make -s -C "$FARPAGE_BUILDDIR" install DESTDIR="$cache/root.tmp" >/dev/null 2>make.log || { cat make.log >&2; exit 1; }
    version=$(sed 's/^linux-image-//' "$kernel/package")
    mkdir -p "root.tmp/lib/modules/$version"
    cp "$kernel"/modules/*-nbd.ko "root.tmp/lib/modules/$version/nbd.ko"
    ! [ -e "$kernel/more/ublk_drv.ko" ] || cp "$kernel/more/ublk_drv.ko" "root.tmp/lib/modules/$version"
    chroot root.tmp depmod "$version" 2>/dev/null
    mke2fs -q -F -t ext4 -O ^has_journal -m 0 -d root.tmp "root-$line.tmp.img" \
        $(($(du -sk root.tmp | cut -f1) * 5 / 4 + 65536))k >/dev/null
    rm -rf root.tmp
    mv "root-$line.tmp.img" "root-$line.img"
}

make_initrd() {
    rm -rf initrd.tmp
    mkdir -p initrd.tmp/root initrd.tmp/dev initrd.tmp/modules
    cp "$(command -v busybox)" initrd.tmp/busybox
    cp "$kernel"/modules/* initrd.tmp/modules
    rm initrd.tmp/modules/*-nbd.ko # that is the units' part
    cat >initrd.tmp/init <<'INIT'
#!/busybox sh
b=/busybox
for m in /modules/*; do $b insmod "$m" || echo "no $m"; done
$b mount -t devtmpfs dev /dev
$b mount -t ext4 -o rw /dev/vda /root
$b mount -t tmpfs run /root/run
$b cp /extra/* /root/run/
$b mount -o move /dev /root/dev
exec $b switch_root -c /dev/console /root /lib/systemd/systemd
INIT
    chmod 755 initrd.tmp/init
    (cd initrd.tmp && find . | cpio -o -H newc --quiet) >initrd.new
    rm -rf initrd.tmp
    mv initrd.new "initrd-$line"
}

# True if the file is there and newer than all the others.
fresh() { # file input...
    [ -e "$1" ] && [ -z "$(find -L "$@" -newer "$1" -print -quit)" ]
}

[ "$(id -u)" = 0 ] || skip 'not root'
mkdir -p "$cache"
cd "$cache"
exec 9>lock
flock 9
fresh base.made "$0" || make_base
fresh "root-$line.img" "$0" base.made "$kernel/vmlinuz" "$FARPAGE_SRCDIR"/units "$FARPAGE_BUILDDIR"/units \
    "$FARPAGE_SRCDIR"/units/* "$FARPAGE_BUILDDIR"/units/* "$FARPAGE_BUILDDIR"/server/farpaged \
    "$FARPAGE_BUILDDIR"/front/farpage-front \
    "$FARPAGE_BUILDDIR"/plugin/.libs/nbdkit-farpage-plugin.so || make_root
fresh "initrd-$line" "$0" "$kernel/vmlinuz" || make_initrd
