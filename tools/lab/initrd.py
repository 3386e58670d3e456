"""What the guest boots into: busybox, drivers, a Python with the modules of others, the way to the host's files."""

import gzip
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.errors import BenchError

MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay")
"""Kernel modules needed before the host's files are there."""

DRIVERS = ("i2c-dev", "i2c-tiny-usb", "vhci-hcd", "cdc-acm", "ftdi_sio", "usbhid", "hid-generic")
"""Kernel modules that drive the simulated devices."""

INSIDE = Path(__file__).with_name("inside.py")

_BUSYBOX = Path("/bin/busybox")
_APPLETS = ("cat", "insmod", "ip", "mkdir", "mount", "poweroff", "sh", "sync")
_FOLDERS = (
    "dev",
    "lab",
    "lab/bin",
    "lab/host",
    "lab/mods",
    "lab/root",
    "lab/rw",
    "proc",
    "root",
    "sys",
    "tmp",
)
_INIT = """\
#!/lab/bin/sh
export PATH=/lab/bin HOME=/root LANG=C.UTF-8
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in /lab/mods/*.ko; do insmod "$module" || echo "lab: $module does not load"; done
ip link set lo up
"$(cat /lab/python)" /lab/inside.py
code=$?
sync
[ -e /lab/root/mnt/order.json ] && echo "$code" >/lab/root/mnt/exit-code
poweroff -f
"""
_ENTER = """\
set -e
share() { mount -t 9p -o "trans=virtio,version=9p2000.L,msize=524288,$3" "$1" "$2"; }
# The host's files, read-only; what is written to them goes to memory.
share host /lab/host ro,cache=loose
mount -t tmpfs -o size=75% rw /lab/rw
mkdir /lab/rw/upper /lab/rw/work
mount -t overlay -o lowerdir=/lab/host,upperdir=/lab/rw/upper,workdir=/lab/rw/work overlay /lab/root
share results /lab/root/mnt rw,cache=none
mount -t proc proc /lab/root/proc
mount -t sysfs sys /lab/root/sys
mount -t devtmpfs dev /lab/root/dev
mkdir -p /lab/root/dev/pts /lab/root/dev/shm
mount -t devpts pts /lab/root/dev/pts
for each in dev/shm run var/tmp; do mount -t tmpfs "$each" "/lab/root/$each"; done
"""


def digest() -> str:
    """Return a short name that changes when what is built here changes."""
    built = (MODULES, DRIVERS, _APPLETS, _FOLDERS, _INIT, _ENTER)
    return hashlib.sha256(repr(built).encode()).hexdigest()[:8]


def build(target: Path, modules: Iterable[Path]) -> None:
    """Write the archive of what does not depend on Python.

    Args:
        target: Where to write it, compressed with gzip.
        modules: Kernel module files in the order in which they are to be loaded.

    Raises:
        BenchError: a program is missing.
    """
    if not _BUSYBOX.exists():
        raise BenchError(f"{_BUSYBOX} is missing", hint="run tools/lab/install.sh")
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        for name in _FOLDERS:
            (root / name).mkdir()
        binaries = root / "lab" / "bin"
        shutil.copy(_BUSYBOX, binaries / "busybox")
        for name in _APPLETS:
            (binaries / name).symlink_to("busybox")
        for number, module in enumerate(modules):
            shutil.copy(module, root / "lab" / "mods" / f"{number:02}-{module.name}")
        (root / "lab" / "enter").write_text(_ENTER)
        init = root / "init"
        init.write_text(_INIT)
        init.chmod(0o755)
        names = sorted(str(path.relative_to(root)) for path in root.rglob("*"))
        target.write_bytes(gzip.compress(_archived(root, names), compresslevel=1))


def with_files(base: Path, target: Path, files: Iterable[Path], extra: dict[str, bytes]) -> None:
    """Write an archive that holds files of this machine at their own places, and what `build` made.

    Args:
        base: What `build` wrote.
        target: Where to write it.
        files: Absolute paths; links on the way to them are kept as links.
        extra: More files by their names in `/lab`.

    Raises:
        BenchError: a program is missing.
    """
    names: dict[str, None] = {}
    for path in files:
        names.update(dict.fromkeys(_on_the_way(path)))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "lab"
        folder.mkdir()
        for name, content in extra.items():
            (folder / name).write_bytes(content)
        more = _archived(Path(scratch), ["lab", *(f"lab/{name}" for name in extra)])
    with target.open("wb") as out:
        for part in (_archived(Path("/"), list(names)), more, base.read_bytes()):
            out.write(part)


def _on_the_way(path: Path, links: int = 40) -> Iterator[str]:
    """Yield the folders and links that lead to a file, and the file, without the first slash."""
    for place in (*reversed(path.parents), path):
        if place == place.parent:
            continue
        if place.is_symlink() and links:
            yield str(place)[1:]
            behind = place.parent / place.readlink() / path.relative_to(place)
            yield from _on_the_way(_without_dots(behind), links - 1)
            return
        yield str(place)[1:]


def _without_dots(path: Path) -> Path:
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return Path(*parts)


def _archived(root: Path, names: Iterable[str]) -> bytes:
    try:
        return subprocess.run(
            ["cpio", "-o", "-H", "newc", "--quiet", "--owner=0:0"],  # noqa: S607 - the system's
            cwd=root,
            input=("\n".join(names) + "\n").encode(),
            capture_output=True,
            check=True,
        ).stdout
    except FileNotFoundError as error:
        raise BenchError("cpio is missing", hint="run tools/lab/install.sh") from error
