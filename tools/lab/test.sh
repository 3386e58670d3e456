#!/usr/bin/env bash
# test.sh [RESULTS]: the suites and the bus checks in guests of their own, side by side, on the kernel's own drivers.
# Results (a folder a guest: junit.xml, console.log, exit-code) go to RESULTS, or to runs/lab.
set -euo pipefail
cd "$(dirname "$0")/../.."
results=${1:-runs/lab}
python=$(realpath --no-symlinks "${LAB_PYTHON:-.venv/bin/python}")
started=$SECONDS

tools/lab/install.sh
"$python" -m harness.simulator.lab "$results"  # fills the cache once, before the guests start
"$python" -m compileall -q harness fixtures suites  # an emulated processor takes long to compile

declare -A checks=(
    [suites]="tests/lab/guest/suites_on_real_buses.py"
    [buses]="tests/lab/guest/contracts.py tests/lab/guest/i2c_bus.py tests/lab/guest/serial_ports.py
        tests/lab/guest/unplugged_at_each_exchange.py tests/lab/guest/attach_command.py"
)
declare -A guests=()
for name in "${!checks[@]}"; do
    rm -rf "${results:?}/$name"
    mkdir -p "$results/$name"
    # pytest's other plugins only cost time here, and an emulated processor has little.
    # shellcheck disable=SC2086 # a list of files
    "$python" -m harness.simulator.lab --quiet --limit "${LAB_LIMIT:-900}" "$results/$name" -- \
        env PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 "$python" -m pytest -v --color=no --tb=short -p no:cacheprovider \
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
exit "$failed"
