"""Runs a command in a virtual machine that shares this machine's files and has a kernel of its own.

The guest sees the host's root file system read-only; what it writes goes to its memory, but for one folder of
results. It has no network and no KVM is needed. A guest that ends without an exit code is an error.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import BenchError
from tools.lab import machine
from tools.lab.inside import READY
from tools.lab.kernel import Kernel
from tools.lab.stored import Stored

_EXIT_CODE = "exit-code"
_LINE = 4096
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "SYSTEMD_IGNORE_CHROOT": "1",  # the first process has another root; udevadm would refuse to do anything
}
_BEFORE = "/lib/systemd/systemd-udevd --daemon >/dev/null 2>&1"


@dataclass(frozen=True, slots=True)
class Guest:
    """How a guest is run.

    Attributes:
        kernel: What it has booted.
        stored: What it is brought back from.
        results: Folder of this machine that the guest sees as `/mnt` and may write to.
        limit: Seconds after which it is ended.
        quiet: Keep what it prints out of this terminal; it is in `console.log` in any case.
    """

    kernel: Kernel
    stored: Stored
    results: Path
    limit: float = 300.0
    quiet: bool = False

    def run(self, command: Sequence[str], folder: Path) -> int:
        """Run `command` in `folder` inside the guest and return its exit code.

        `PYTHON -m MODULE ...`, and the same behind `env NAME=VALUE`, goes on in the Python that the guest has ready;
        any other command is started.

        Raises:
            BenchError: QEMU is missing or failed, or the guest ended without an exit code or not in time.
        """
        qemu = machine.program()
        self.results.mkdir(parents=True, exist_ok=True)
        verdict = self.results / _EXIT_CODE
        verdict.unlink(missing_ok=True)
        (self.results / "order.json").write_text(json.dumps(self._order(command, folder)), encoding="utf-8")
        try:
            state = self.stored.state.open("rb")
        except OSError as error:
            raise BenchError(f"the stored guest cannot be read: {error}") from error
        with (
            state,
            subprocess.Popen(  # noqa: S603 - our own words
                [qemu, *machine.arguments(self.results.resolve()), "-incoming", f"fd:{state.fileno()}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[state.fileno()],
            ) as guest,
        ):
            ended_late = threading.Event()

            def end() -> None:
                ended_late.set()
                guest.kill()

            watch = threading.Timer(self.limit, end)
            watch.start()
            try:
                self._follow(guest)
            finally:
                watch.cancel()
                if guest.poll() is None:
                    guest.kill()
        if ended_late.is_set():
            raise self._no_verdict(f"was ended after {self.limit:.0f} s")
        if not verdict.exists():
            raise self._no_verdict(f"ended without a verdict (QEMU: {guest.returncode})")
        try:
            return int(verdict.read_text())
        except ValueError:
            raise self._no_verdict("left a verdict that is no number") from None

    def _follow(self, guest: subprocess.Popen[bytes]) -> None:
        assert guest.stdout is not None, "it was made with a pipe"
        assert guest.stdin is not None, "it was made with a pipe"
        told = False
        with (self.results / "console.log").open("wb") as log:
            while line := guest.stdout.readline(_LINE):
                if line.strip() == READY.encode():
                    if not told:
                        guest.stdin.write(_told())
                        guest.stdin.flush()
                    told = True
                    continue
                log.write(line)
                log.flush()
                if not self.quiet:
                    sys.stdout.write(line.decode(errors="replace").replace("\r", ""))
                    sys.stdout.flush()
        guest.wait()

    def _order(self, command: Sequence[str], folder: Path) -> dict[str, object]:
        given, module, words = _split(command)
        return {
            "environment": {
                **_ENVIRONMENT,
                "ID2_LAB_GUEST": self.kernel.version,
                "ID2_LAB_MODULES": str(self.kernel.modules),
                **given,
            },
            "before": _BEFORE,
            "folder": str(folder),
            "module": module,
            "command": words,
        }

    def _no_verdict(self, what: str) -> BenchError:
        return BenchError(
            f"the guest {what}",
            hint=f"read {self.results / 'console.log'}",
            traffic=self._last_lines(),
        )

    def _last_lines(self) -> list[str]:
        try:
            text = (self.results / "console.log").read_text(errors="replace")
        except OSError:
            return []
        return [ascii(line)[1:-1] for line in text.splitlines()[-8:]]


def _split(command: Sequence[str]) -> tuple[dict[str, str], str, list[str]]:
    """Return environment, module and arguments for the Python that is ready; no module for any other command."""
    words = list(command)
    given: dict[str, str] = {}
    if words[:1] == ["env"]:
        del words[0]
        while words and "=" in words[0]:
            name, _, value = words.pop(0).partition("=")
            given[name] = value
    if words[:2] == [sys.executable, "-m"] and words[2:]:
        return given, words[2], words[3:]
    return {}, "", list(command)


def _told() -> bytes:
    """Return what a guest that was stored cannot know: the time, and randomness of its own."""
    return json.dumps({"time": time.time(), "entropy": os.urandom(32).hex()}).encode() + b"\n"
