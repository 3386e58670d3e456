"""What runs in the guest: a Python that has imported the modules of others, and waits for its command.

The guest is stored while it waits. Each one that is restored gets the time, takes the host's files as its root,
and goes on as the command that it was given; our own modules are imported from those files, so they are never old.
Nothing of ours may be imported here.
"""

import fcntl
import gc
import importlib
import json
import os
import random
import runpy
import select
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

ROOT = "/lab/root"
READY = "lab: ready"
_AGAIN = 0.25  # seconds after which a guest that nobody has heard says again that it is ready
_RESEED = 0x5207  # RNDRESEEDCRNG


def main() -> int:
    """Import, wait, and run the command; return its exit code."""
    for name in json.loads(Path("/lab/modules.json").read_text(encoding="utf-8")):
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - whoever needs it will say so
            _say(f"lab: {name} is not imported yet: {error}")
    gc.collect()
    gc.freeze()
    told = _told()
    time.clock_settime(time.CLOCK_REALTIME, told["time"])
    _renew_randomness(bytes.fromhex(told["entropy"]))
    if subprocess.run(["/lab/bin/sh", "/lab/enter"], check=False).returncode:
        _say("lab: no root file system")
        return 99
    os.chroot(ROOT)
    os.chdir("/")
    order = json.loads(Path("/mnt/order.json").read_text(encoding="utf-8"))
    os.environ.clear()
    os.environ.update(order["environment"])
    subprocess.run(["/bin/sh", "-c", order["before"]], check=False)  # noqa: S603 - our own words
    os.chdir(order["folder"])
    importlib.invalidate_caches()
    return _run(order["module"], order["command"])


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _told() -> dict[str, Any]:
    """Print that this guest is ready, again and again, until it gets the time."""
    settings = termios.tcgetattr(0)
    settings[3] &= ~(termios.ECHO | termios.ISIG)
    termios.tcsetattr(0, termios.TCSANOW, settings)
    _say(READY)
    while not select.select([0], [], [], _AGAIN)[0]:
        _say(READY)
    line = b""
    while not line.endswith(b"\n"):
        line += os.read(0, 1024)
    nothing = os.open("/dev/null", os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    told: dict[str, Any] = json.loads(line)
    return told


def _renew_randomness(seed: bytes) -> None:
    """Make guests that were stored as one differ."""
    with Path("/dev/urandom").open("wb", buffering=0) as device:
        device.write(seed)
        fcntl.ioctl(device, _RESEED)
    random.seed(seed)


def _run(module: str, command: list[str]) -> int:
    if not module:
        return subprocess.run(command, check=False).returncode  # noqa: S603 - what it is for
    sys.argv = ["-m", *command]
    sys.path[0] = str(Path.cwd())
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        _say(str(end.code))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
