"""What a run started ends with the run, also when the run is killed at once."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = """
import subprocess, sys, time
from harness.run import orphans
orphans.prepare()
# A server with a child of its own; both ignore a gentle request to end when told so.
code = "import os, signal, sys, time\\nif sys.argv[1] == 'deaf': signal.signal(signal.SIGTERM, signal.SIG_IGN)\\nos.fork()\\nos.write(1, (str(os.getpid()) + chr(10)).encode())\\ntime.sleep(300)"
child = subprocess.Popen([sys.executable, "-c", code, sys.argv[1]], stdout=sys.stdout, start_new_session=True)
orphans.watch(child.pid)
if sys.argv[2] == "forget":
    orphans.forget(child.pid)
time.sleep(300)
"""


def gone(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def children(how: str, then: str) -> tuple[subprocess.Popen[str], list[int]]:
    parent = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, how, then], stdout=subprocess.PIPE, text=True, env=os.environ
    )
    return parent, [int(parent.stdout.readline()), int(parent.stdout.readline())]


@pytest.mark.slow
@pytest.mark.parametrize("how", ["gentle", "deaf"])
def test_what_a_killed_run_started_ends_too(how):
    parent, started = children(how, "watch")
    parent.kill()
    parent.wait()
    end = time.monotonic() + 60
    while not all(map(gone, started)) and time.monotonic() < end:
        time.sleep(0.05)
    parent.stdout.close()
    assert [gone(one) for one in started] == [True, True]
