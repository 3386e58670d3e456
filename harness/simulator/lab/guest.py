"""Runs a command in a virtual machine that shares this machine's files and has a kernel of its own.

The guest sees the host's root file system read-only; what it writes goes to its memory, but for one folder of
results. It has no network and no KVM is needed. A guest that ends without an exit code is an error.
"""

import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import BenchError
from harness.simulator.lab.kernel import Kernel

DRIVERS = ("i2c-dev", "i2c-tiny-usb", "vhci-hcd", "cdc-acm", "ftdi_sio", "usbhid", "hid-generic")
"""Kernel modules that drive the simulated devices."""

_QEMU = "qemu-system-x86_64"
_EXIT_CODE = "exit-code"
_LINE = 4096
_INSIDE = """\
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
export ID2_LAB_GUEST={version} ID2_LAB_MODULES={modules}
mount -t tmpfs run /run
mkdir -p /dev/pts /dev/shm
mount -t devpts pts /dev/pts
mount -t tmpfs shm /dev/shm
mount -t tmpfs tmp /var/tmp
busybox ip link set lo up
for module in {drivers}; do modprobe -d {modules} "$module" || echo "lab: no module $module"; done
/lib/systemd/systemd-udevd --daemon >/dev/null 2>&1
cd {folder}
{command}
code=$?
sync
echo "$code" >/mnt/{exit_code}
busybox poweroff -f
"""


@dataclass(frozen=True, slots=True)
class Guest:
    """How a guest is run.

    Attributes:
        kernel: What it boots.
        results: Folder of this machine that the guest sees as `/mnt` and may write to.
        memory: Megabytes.
        limit: Seconds after which it is ended.
        quiet: Keep what it prints out of this terminal; it is in `console.log` in any case.
    """

    kernel: Kernel
    results: Path
    memory: int = 1536
    limit: float = 300.0
    quiet: bool = False

    def run(self, command: Sequence[str], folder: Path) -> int:
        """Run `command` in `folder` inside the guest and return its exit code.

        Raises:
            BenchError: QEMU is missing or failed, or the guest ended without an exit code or not in time.
        """
        qemu = shutil.which(_QEMU)
        if qemu is None:
            raise BenchError(f"{_QEMU} is missing", hint="run tools/lab/install.sh")
        self.results.mkdir(parents=True, exist_ok=True)
        verdict = self.results / _EXIT_CODE
        verdict.unlink(missing_ok=True)
        (self.results / "inside.sh").write_text(self._inside(command, folder))
        with subprocess.Popen(  # noqa: S603 - our own words
            [qemu, *self._arguments()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as machine:
            ended_late = threading.Event()

            def end() -> None:
                ended_late.set()
                machine.kill()

            watch = threading.Timer(self.limit, end)
            watch.start()
            try:
                self._follow(machine)
            finally:
                watch.cancel()
                if machine.poll() is None:
                    machine.kill()
        if ended_late.is_set():
            raise self._no_verdict(f"was ended after {self.limit:.0f} s")
        if not verdict.exists():
            raise self._no_verdict(f"ended without a verdict (QEMU: {machine.returncode})")
        try:
            return int(verdict.read_text())
        except ValueError:
            raise self._no_verdict("left a verdict that is no number") from None

    def _follow(self, machine: subprocess.Popen[bytes]) -> None:
        assert machine.stdout is not None, "it was made with a pipe"
        with (self.results / "console.log").open("wb") as log:
            while line := machine.stdout.readline(_LINE):
                log.write(line)
                log.flush()
                if not self.quiet:
                    sys.stdout.write(line.decode(errors="replace").replace("\r", ""))
                    sys.stdout.flush()
        machine.wait()

    def _inside(self, command: Sequence[str], folder: Path) -> str:
        return _INSIDE.format(
            version=shlex.quote(self.kernel.version),
            modules=shlex.quote(str(self.kernel.modules)),
            drivers=" ".join(DRIVERS),
            folder=shlex.quote(str(folder)),
            command=shlex.join(command),
            exit_code=_EXIT_CODE,
        )

    def _arguments(self) -> list[str]:
        # One processor and a plain one: emulated, a second one and the newer instructions only cost time.
        return [
            *("-accel", "tcg", "-cpu", "qemu64", "-smp", "1", "-m", str(self.memory), "-machine", "q35"),
            *("-nodefaults", "-no-reboot", "-display", "none", "-nic", "none", "-serial", "stdio"),
            *("-kernel", str(self.kernel.image), "-initrd", str(self.kernel.initrd)),
            *("-append", "console=ttyS0 loglevel=3 panic=-1 mitigations=off random.trust_cpu=on"),
            *_share("host", Path("/"), ",readonly=on,multidevs=remap"),
            *_share("results", self.results.resolve(), ""),
        ]

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


def _share(tag: str, folder: Path, more: str) -> tuple[str, ...]:
    return (
        *("-fsdev", f"local,id={tag},path={str(folder).replace(',', ',,')},security_model=none{more}"),
        *("-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"),
    )
