#!/usr/bin/env bash
# bench.sh [RESULTS]: the benchmarks that need the kernel's own buses, in guests side by side. Prints the figures.
# What the guests leave goes to RESULTS, or to runs/lab-bench. `BENCH_ARGUMENTS=--strict` fails on a missed goal.
set -euo pipefail
cd "$(dirname "$0")/../.."
results=${1:-runs/lab-bench}
python=$(realpath --no-symlinks "${LAB_PYTHON:-.venv/bin/python}")

tools/lab/install.sh
"$python" -m tools.lab "$results"  # fills the cache once, before the guests start
"$python" -m compileall -q harness fixtures suites benchmarks  # an emulated processor takes long to compile
rm -rf "${results:?}"
mkdir -p "$results/buses" "$results/replay" "$results/clock" "$results/pyscard"
ln -s /usr/lib/python3/dist-packages/smartcard "$results/pyscard/smartcard"  # Debian's

# An emulated processor's seconds depend on what else this machine does. With -icount each instruction takes one
# nanosecond of the guest's time, so the ratios of the exchanges come out the same everywhere.
cat >"$results/clock/qemu-system-x86_64" <<END
#!/bin/sh
exec $(command -v qemu-system-x86_64) "\$@" -icount shift=0,sleep=off
END
chmod +x "$results/clock/qemu-system-x86_64"

guest() {  # guest NAME COMMAND...: run a command in a guest of its own; what it prints is in console.log
    local name=$1
    shift
    "$python" -m tools.lab --quiet --limit "${LAB_LIMIT:-1200}" "$results/$name" -- "$@"
}
PATH=$(realpath "$results/clock"):$PATH guest buses env PYTHONPATH="$(realpath "$results/pyscard")" sh -c \
    "'$python' benchmarks/buses.py --kernel ${BENCH_ARGUMENTS:-} && '$python' benchmarks/recording.py --kernel ${BENCH_ARGUMENTS:-}" &
buses=$!
replay=0
TIMEFORMAT="%U %S"  # seconds of processor time: by the clock the two guests hinder each other
exec 3>&2
{ time guest replay "$python" benchmarks/replay.py --lab /mnt 2>&3 || replay=$?; } 2>"$results/replay.processor"
[ "$replay" != 0 ] || mv "$results/replay.processor" "$results/replay/processor"
wait "$buses" && buses=0 || buses=$?
grep -v 'reboot: Power down' "$results/buses/console.log"
if [ "$replay" != 0 ]; then
    cat "$results/replay/console.log"
    exit "$replay"
fi
# shellcheck disable=SC2086 # a list of words, or nothing
"$python" benchmarks/replay.py "$results/replay" ${BENCH_ARGUMENTS:-}
exit "$buses"
