#!/bin/sh
# ensure-command.sh COMMAND PACKAGE...: install Debian's packages when COMMAND is missing, saying so.
set -eu
command=$1
shift
if command -v "$command" >/dev/null 2>&1; then
    exit 0
fi
# One at a time: apt-get update does not wait for the lock of another.
exec 9>"${TMPDIR:-/tmp}/id2-harness-packages.$(id -u).lock"
flock 9
echo "installing $* ($command is missing)"
as_root=""
[ "$(id -u)" = 0 ] || as_root=sudo
$as_root apt-get -o DPkg::Lock::Timeout=600 update -qq
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends "$@" >/dev/null
echo "installed: $(dpkg-query -W -f '${Package} ${Version}; ' "$@")"
