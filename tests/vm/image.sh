#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# image.sh 6.1|6.12: builds what a guest boots from, in $FARPAGE_BUILDDIR/tests/vm:
#   initrd-VERSION  busybox and modules: just enough to mount the image
#   root.img        a read-only ext4 file system with the programs under test
# Both are rebuilt only when something in them changed. The programs live in an image and not in
# the initramfs because an initramfs cannot be paged out: it would eat the RAM under test.
set -eu

src=$FARPAGE_SRCDIR/tests/vm
cache=$FARPAGE_BUILDDIR/tests/vm
export PATH="$PATH:/usr/sbin:/sbin"

# Programs of this host, and of the build tree (those that exist yet).
host_programs='dash nbd-client nbdkit swapon swapoff mkswap blkdiscard chrt setpriv'
host_plugins='memory nbd'
built() { # path in the build tree: the real file, not libtool's wrapper
    for f in "$FARPAGE_BUILDDIR/${1%/*}/.libs/${1##*/}" "$FARPAGE_BUILDDIR/$1"; do
        [ -f "$f" ] && echo "$f" && return
    done
    return 0
}

plugindir=$(nbdkit --dump-config | sed -n 's/^plugindir=//p')
busybox=$(command -v busybox)
helpers="$(built tests/vm/swapcheck) $(built tests/vm/nbdagain) $(built tests/vm/ublkram)"
farpage="$(built server/farpaged) $(built front/farpage-front) $(built client/libfarpage.so.0) $(built plugin/nbdkit-farpage-plugin.so)"
stock=$(for p in $host_programs; do command -v "$p"; done
    for p in $host_plugins; do echo "$plugindir/nbdkit-$p-plugin.so"; done)

# True if the file is there and newer than all the others.
fresh() { # file input...
    [ -e "$1" ] || return 1
    [ -z "$(find -L "$@" -newer "$1" -print -quit)" ]
}

libraries() { # program...: what the dynamic linker would load for them
    LD_LIBRARY_PATH=$FARPAGE_BUILDDIR/client/.libs ldd "$@" 2>/dev/null |
        sed -n 's/.*[[:space:]]\(\/[^ ]*\) (0x.*/\1/p' | grep -v "^$FARPAGE_BUILDDIR" | sort -u
}

take() { # program or library...: to the same place in the image
    cp -L --parents "$@" .
}

take_built() { # file directory
    mkdir -p "./$2"
    strip -o "./$2/${1##*/}" "$1"
}

root_tree() {
    mkdir -p usr/bin usr/lib usr/lib64 usr/sbin dev proc sys run tmp mnt
    for d in bin lib lib64 sbin; do ln -s usr/$d $d; done
    # shellcheck disable=SC2046,SC2086
    take $stock $(libraries $stock $farpage)
    for f in $farpage; do
        case $f in
            *-plugin.so) take_built "$f" "$plugindir" ;;
            *.so.*) take_built "$f" "${plugindir%/nbdkit/*}" ;;
            *) take_built "$f" usr/sbin ;;
        esac
    done
    for f in $helpers; do take_built "$f" usr/sbin; done
    cp "$busybox" usr/bin/busybox
    ln -s dash usr/bin/sh # busybox's shell would run its applets in place of the real programs
    for applet in $("$busybox" --list); do # the real programs win
        [ -e "usr/sbin/$applet" ] || [ -e "usr/bin/$applet" ] || ln -s busybox "usr/bin/$applet"
    done
    cp "$src/guest-init.sh" init
    chmod 755 init
}

make_root() {
    rm -rf root.tmp root.img.tmp
    mkdir root.tmp
    (cd root.tmp && root_tree)
    kib=$(du -sk root.tmp | cut -f1)
    mke2fs -q -F -t ext4 -O ^has_journal -m 0 -d root.tmp root.img.tmp $((kib * 5 / 4 + 4096))k >/dev/null
    rm -rf root.tmp
    mv root.img.tmp root.img
}

make_initrd() { # version
    rm -rf initrd.tmp
    mkdir -p initrd.tmp/root initrd.tmp/dev
    cp "$busybox" initrd.tmp/busybox
    cp -r "kernel-$1/modules" initrd.tmp/modules
    cat >initrd.tmp/init <<'INIT'
#!/busybox sh
b=/busybox
for m in /modules/*; do $b insmod "$m" || echo "no $m"; done
$b mkdir /run
$b mount -t devtmpfs dev /dev
$b mount -t ext4 -o ro /dev/vda /root
$b mount -t tmpfs run /root/run
$b cp /extra/* /root/run/
$b mount -o move /dev /root/dev
exec $b switch_root -c /dev/console /root /init
INIT
    chmod 755 initrd.tmp/init
    (cd initrd.tmp && find . | cpio -o -H newc --quiet) >initrd.tmp.cpio
    rm -rf initrd.tmp
    mv initrd.tmp.cpio "initrd-$1"
}

[ "$helpers" != ' ' ] || { echo 'swapcheck is not built'; exit 77; }
cd "$cache"
exec 9>lock
flock 9
# shellcheck disable=SC2086
fresh root.img "$0" "$src/guest-init.sh" $helpers "$busybox" $stock $farpage || make_root
fresh "initrd-$1" "$0" "$busybox" "kernel-$1/vmlinuz" || make_initrd "$1"
