"""The virtual machine: how QEMU is started, and the commands that make it store a guest."""

import json
import shutil
import socket
from pathlib import Path
from typing import Self

from harness.errors import BenchError

QEMU = "qemu-system-x86_64"
MEMORY = 1024
"""Megabytes of a guest."""

# One processor and a plain one: emulated, a second one and the newer instructions only cost time.
_MACHINE = (
    *("-accel", "tcg", "-cpu", "qemu64", "-smp", "1", "-m", str(MEMORY), "-machine", "q35"),
    *("-nodefaults", "-no-reboot", "-display", "none", "-nic", "none", "-serial", "stdio"),
)
_COMMAND_LINE = (
    "console=ttyS0 loglevel=3 panic=-1 mitigations=off random.trust_cpu=on norandmaps tsc=reliable nokaslr"
)


def program() -> str:
    """Return the path of QEMU.

    Raises:
        BenchError: it is missing.
    """
    found = shutil.which(QEMU)
    if found is None:
        raise BenchError(f"{QEMU} is missing", hint="run tools/lab/install.sh")
    return found


def arguments(results: Path) -> list[str]:
    """Return QEMU's arguments for every guest; one can only be brought back with those that it was stored with.

    Args:
        results: Folder of this machine that the guest may write to.
    """
    return [
        *_MACHINE,
        *_share("host", Path("/"), ",readonly=on,multidevs=remap"),
        *_share("results", results, ""),
    ]


def booting(image: Path, initrd: Path) -> list[str]:
    """Return more arguments, for a guest that boots."""
    return ["-kernel", str(image), "-initrd", str(initrd), "-append", _COMMAND_LINE]


def shape() -> str:
    """Return all that two guests must have in common for one to be brought back as the other."""
    return repr((_MACHINE, _COMMAND_LINE))


class Monitor:
    """QEMU's machine protocol over a socket.

    Args:
        path: Where QEMU listens.

    Raises:
        BenchError: QEMU is not there, or says something else than it should.
    """

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(60)
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise BenchError(f"QEMU does not listen: {error}") from error
        self._lines = self._socket.makefile("rb")
        try:
            self._read()
            self.call("qmp_capabilities")
        except BenchError:
            self.__exit__()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._socket.close()

    def store(self, state: str) -> None:
        """Store the guest, which waits meanwhile.

        Args:
            state: Shell word of the file to write.

        Raises:
            BenchError: it cannot be stored.
        """
        no_limit = {"max-bandwidth": 1 << 40, "downtime-limit": 60_000}
        self.call("migrate-set-parameters", **no_limit)
        self.call("migrate-set-capabilities", capabilities=[{"capability": "events", "state": True}])
        self.call("migrate", uri=f"exec:cat > {state}")
        while (status := self._event("MIGRATION")) != "completed":
            if status == "failed":
                raise BenchError("QEMU cannot store the guest", hint="is there room for 1 GB in the cache?")

    def call(self, command: str, **values: object) -> None:
        """Have a command done."""
        self._socket.sendall(json.dumps({"execute": command, "arguments": values}).encode() + b"\n")
        while "return" not in (answer := self._read()):
            if "error" in answer:
                raise BenchError(f"QEMU refuses {command}: {str(answer['error'])[:200]}")

    def _event(self, name: str) -> str:
        while True:
            answer = self._read()
            if answer.get("event") == name:
                data = answer.get("data")
                return str(data.get("status")) if isinstance(data, dict) else ""

    def _read(self) -> dict[str, object]:
        try:
            line = self._lines.readline()
            answer = json.loads(line)
        except (OSError, ValueError) as error:
            raise BenchError("QEMU ended while it was spoken to") from error
        assert isinstance(answer, dict), "the machine protocol has nothing else"
        return answer


def _share(tag: str, folder: Path, more: str) -> tuple[str, ...]:
    return (
        *("-fsdev", f"local,id={tag},path={str(folder).replace(',', ',,')},security_model=none{more}"),
        *("-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"),
    )
