#!/bin/sh
# install.sh: install Debian's packages that the virtual lab needs and that are missing, saying which.
set -eu
needed="qemu-system-x86 busybox-static cpio kmod udev pcscd libccid python3-pyscard gcc libc6-dev"
missing=""
for package in $needed; do
    case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
        "install ok installed") ;;
        *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0
echo "installing$missing"
as_root=""
[ "$(id -u)" = 0 ] || as_root=sudo
$as_root apt-get -o DPkg::Lock::Timeout=600 update -qq
# shellcheck disable=SC2086 # a list of words
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends $missing >/dev/null
# shellcheck disable=SC2086 # a list of words
echo "installed: $(dpkg-query -W -f '${Package} ${Version}; ' $missing)"
