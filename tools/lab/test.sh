#!/usr/bin/env bash
# test.sh [RESULTS]: every check of tests/lab/guest in two guests, side by side, on the kernel's own drivers.
# Results (a folder a guest: junit.xml, console.log, exit-code) go to RESULTS, or to runs/lab.
# test.sh --plan: only print which guest would run which checks.
set -euo pipefail
cd "$(dirname "$0")/../.."
results=${1:-runs/lab}
python=$(realpath --no-symlinks "${LAB_PYTHON:-.venv/bin/python}")
started=$SECONDS
# All that is imported is compiled here: an emulated processor takes long to.
unset PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX
# pytest's other plugins only cost time, and would have modules compiled under other names.
export PYTEST_DISABLE_PLUGIN_AUTOLOAD=1

if [ "${1:-}" != --plan ]; then
    tools/lab/install.sh
    mkdir -p "$results"
    python=$(tools/lab/debians.sh "$python" "$(realpath "$results")/python")
    "$python" -m tools.lab "$results" &  # fills the cache once, before the guests start
    filling=$!
    "$python" -m compileall -q harness fixtures suites
    "$python" -m harness plan boards/virtual-se-i2c.yaml >/dev/null  # compiles the suites as pytest does
    # Builds the firmware that a guest runs: an emulated processor would be a minute over it.
    "$python" -m harness probe boards/virtual-se-alios.yaml hello >/dev/null
    tool=$("$python" -m tests.lab.guest.outside)
fi

# The files go to the guest that has least to do so far, the longest first. A check of a bus is one unit, about half a
# second of QEMU's processor time; what takes longer is measured in as many.
suites=tests/lab/guest/suites_on_real_buses.py
declare -A checks=([suites]="$suites" [buses]="") units=([suites]=240 [buses]=0)
declare -A longer=([firmware_on_ttyacm]=85 [pcsc_and_hid_suites]=80 [pcsc_readers]=70 [reconnecting]=55)
longer+=([serial_ports]=50 [unplugged_at_each_exchange]=24)
mapfile -t files < <(find tests/lab/guest -name '*.py' ! -name conftest.py | sort)
# The plugin and the settings of the other tests, which conftest.py of the folders above bring, take an emulated processor long.
alone=(-p no:cacheprovider --confcutdir=tests/lab/guest)
counted=$("$python" -m pytest --collect-only -qq "${alone[@]}" "${files[@]}")
while read -r file count; do
    [ "$file" != "$suites" ] || continue
    guest=buses
    [ "${units[suites]}" -ge "${units[buses]}" ] || guest=suites
    checks[$guest]+=" $file"
    units[$guest]=$((units[$guest] + count))
done < <(grep -E '^tests/lab/guest/[a-z0-9_]+\.py: [0-9]+$' <<<"$counted" | while IFS=' :' read -r file count; do
    name=$(basename "$file" .py)
    echo "$file ${longer[$name]:-$count}"
done | sort -k2,2nr -k1,1)
for name in "${!checks[@]}"; do
    echo "$name: ${checks[$name]}"
done
[ "${1:-}" != --plan ] || exit 0
wait "$filling"

declare -A guests=()
for name in "${!checks[@]}"; do
    rm -rf "${results:?}/$name"
    mkdir -p "$results/$name"
    # shellcheck disable=SC2086 # a list of files
    "$python" -m tools.lab --quiet --limit "${LAB_LIMIT:-1500}" "$results/$name" -- \
        env PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 XDG_CACHE_HOME="${XDG_CACHE_HOME:-$HOME/.cache}" ID2_LAB_TOOL="$tool" \
        "$python" -m pytest -v --color=no --tb=short "${alone[@]}" \
        --durations=5 --junitxml=/mnt/junit.xml ${checks[$name]} &
    guests[$name]=$!
done

failed=0
for name in "${!guests[@]}"; do
    code=0
    wait "${guests[$name]}" || code=$?
    sed -n '/./p' "$results/$name/console.log" | tail -n 40 | sed "s/^/$name: /"
    if [ ! -s "$results/$name/junit.xml" ]; then
        echo "$name: the guest left no junit.xml" >&2
        code=99
    fi
    echo "$name: exit code $code after $((SECONDS - started)) s"
    [ "$code" = 0 ] || failed=1
done
printf '%s\0' "$results"/*/runs/*Z-* | xargs -0 -n 1 -P 2 "$python" -m harness report >/dev/null || failed=1
echo "reports: $results/suites/runs, after $((SECONDS - started)) s"
exit "$failed"
